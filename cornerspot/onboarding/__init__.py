"""Opening a team, and the demo teams."""
