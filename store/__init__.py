"""The operational record: cursors, incidents, deliveries and coverage, in SQL."""
