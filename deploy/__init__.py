"""What runs Tocsin on servers: images, their configuration, alert rules and the dashboard."""
