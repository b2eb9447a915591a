"""Free loopback ports that stay free while a server is away."""

from __future__ import annotations

import contextlib
import random
import socket

LOOPBACK = "127.0.0.1"
LOWEST, HIGHEST = 20_000, 30_000


def free_ports(count: int) -> list[int]:
    """So many distinct ports that nobody listens on.

    They lie below the range from which the kernel takes the ports of outgoing connections:
    so no client takes the port of a server that is being restarted, and a client that
    knocks at the closed port cannot be connected to itself.
    """
    choice = random.SystemRandom()
    with contextlib.ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            port = choice.randrange(LOWEST, HIGHEST)
            taken = held.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                taken.bind((LOOPBACK, port))
                ports.append(port)
        return ports


def listens(port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1.0):
            return True
    except OSError:
        return False
