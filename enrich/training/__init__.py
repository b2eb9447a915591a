"""Training the place model: from labelled posts to the file that the enricher reads.

Nothing here runs when posts are enriched. The fast parts need the packages of the extra
``train``: ``pip install tocsin[train]``.
"""
