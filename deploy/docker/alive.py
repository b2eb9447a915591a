"""Ends with status 0 if the stage in this container is at work: for container health checks.

Needs nothing but Python, so that asking every few seconds costs next to nothing.
"""

from __future__ import annotations

import os
import sys
from http.client import HTTPConnection, HTTPException

SECONDS = 4.0


def main() -> int:
    """Ask the stage's own page whether it has lately taken stock of itself."""
    port = int(os.environ.get("TOCSIN_METRICS__PORT", "9464"))
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/health")
        answer = connection.getresponse()
        sys.stdout.write(answer.read().decode())
    except (OSError, HTTPException) as error:
        sys.stdout.write(f"{error}\n")
        return 1
    finally:
        connection.close()
    return 0 if answer.status == 200 else 1


if __name__ == "__main__":
    sys.exit(main())
