"""Settings, and the files that a force edits: sources, rules, lexicons and the demo."""
