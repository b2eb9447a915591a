"""``python guard.py PID``: kills the process group when the standard input ends.

It ends with whoever holds the other end, in whatever way: so no server outlives its run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

if __name__ == "__main__":
    sys.stdin.buffer.read()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(int(sys.argv[1]), signal.SIGKILL)
