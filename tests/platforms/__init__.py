"""Servers on the loopback interface that behave, and misbehave, as platforms do."""
