"""The search index without a server: tantivy in a folder.

    <folder>/segments/           tantivy's files
    <folder>/revisions.db        what must be remembered of edited and removed posts (SQLite)
    <folder>/writer.lock         locked by the one process that writes; holds its id

Order of a commit: what is remembered of posts first, then tantivy's own commit. A crash
between the two leaves a memory that is ahead of the index; the records since the last
commit come again, and repeating an event changes nothing. The other order could lose a
deletion that arrived before its post.

Readers follow the writer: each search looks whether there was a commit, which costs a
``stat``.
"""

from index.embedded.folder import set_aside
from index.embedded.reader import TantivyIndex
from index.embedded.writer import TantivyWriter

__all__ = ["TantivyIndex", "TantivyWriter", "set_aside"]
