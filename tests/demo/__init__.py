"""The workshop of the demo evening: hand-written posts and fragments, and what joins them.

``python -m tests.demo`` writes ``config/demo/evening.jsonl`` and ``truth.jsonl`` anew, byte
for byte. Nothing here is part of the product.
"""
