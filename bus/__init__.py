"""The log that posts travel through: its port, its back ends and the one worker loop."""
