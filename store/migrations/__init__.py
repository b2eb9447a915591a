"""How the operational record came to look as it does: one step a file, applied at start.

A step that has been released is never changed; a new one is added and named here.
"""

REVISIONS = ("0001", "0002", "0003")
"""Every step that this version knows, oldest first."""
