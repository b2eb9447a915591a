"""The query language: text to a typed tree, and from there to every engine."""
