"""Plans, features and limits: what a team may use."""
