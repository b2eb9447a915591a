"""Search over enriched posts: the index port, its back ends and the query language."""
