"""The files that run Tocsin on servers say what holds."""
