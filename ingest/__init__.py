"""Collecting public posts: one module per platform, the runner that drives them all."""
