"""The timeline of every record: events and notes."""
