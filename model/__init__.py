"""Frozen records, their encoding, the error tree, the clock and the topic names.

Everything else in Tocsin speaks in these terms. This package imports nothing of ours.
"""
