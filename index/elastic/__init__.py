"""The search index on Elasticsearch 9, for more posts than one machine holds.

    <prefix>-posts-2026.11.20-v1   the posts of a day, by their own time; one document each
    <prefix>-posts-2026.11.20      alias of it, through which alone it is written
    <prefix>-posts                 alias of all of them, through which alone they are read
    <prefix>-standings             one small document per post: where it is, what it has
                                   been through; outlives the post
    <prefix>-accounts              the keys of deleted accounts

Order of writing: a post's standing first, under optimistic locking, then the post itself
under the version that the standing gives it. So any number of writers may write, requests
may arrive late or twice, and the posts' own order does not matter; a crash between the
two leaves a standing ahead of its post, and the record comes again from the log.

Nothing is searchable before a commit, since the indices refresh only when told to.
"""

from index.elastic.connection import ElasticConnection
from index.elastic.reader import ElasticIndex
from index.elastic.writer import ElasticWriter

__all__ = ["ElasticConnection", "ElasticIndex", "ElasticWriter"]
