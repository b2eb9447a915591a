"""The log without a server: SQLite files and the kernel's file locks.

    <folder>/posts.raw/topic.json        what the topic is; written last, so it exists whole
    <folder>/posts.raw/0.db              one partition: offset, time, key, value
    <folder>/groups/index/positions.db   where the group goes on
    <folder>/groups/index/members/*      one locked file per live member
    <folder>/groups/index/*.lock         one per partition, locked by its owner

One file per partition, so that topics, partitions and groups never wait for each
other's write lock. Whoever dies gives its locks back at once, because the kernel does
it: there are no heartbeats and no leases. flock needs a local disk, so the folder must
not lie on a network share, and a process must not fork while it holds a consumer.

A record of a derived topic is stored under its source's offset without the source's
bytes, which are joined when it is read. Should the source record be missing, which only
damage can cause, its ``base`` is empty: the stage rejects it and the rest flows on.
"""

from bus.embedded.log import EmbeddedLog

__all__ = ["EmbeddedLog"]
