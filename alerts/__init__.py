"""Rules, matching, windows, incidents, routing and delivery."""
