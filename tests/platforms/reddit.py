"""Reddit's API, as far as a collector uses it, from a script of submissions and faults.

    with Reddit() as server:
        server.submit("fire at the mill")
        ...                                 # server.url, server.handed_out

Listings show the newest thousand, a hundred a page, as the real ones do. Every name that
was handed out is logged.
"""

from __future__ import annotations

import base64
import json
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.platforms.serving import OwnedServer, Serving

START_S = 1_795_000_000
SHOWN = 1_000
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class Reddit(Serving):
    """Serves from construction until the ``with`` block ends."""

    def __init__(self) -> None:
        self.things: dict[str, dict[str, Any]] = {}
        self.faults: list[tuple[int, dict[str, str]]] = []
        self.handed_out: set[str] = set()
        self.requests: list[str] = []
        self.tokens = 0
        self.secret = "app:s3cret"
        self.now_s = START_S
        self._number = 36**5
        super().__init__(_Exchange)

    @property
    def url(self) -> str:
        """The server's address."""
        return self.address

    @property
    def now_us(self) -> int:
        """Its clock, in microseconds."""
        return self.now_s * 1_000_000

    def submit(self, title: str, *, skipped: int = 0) -> str:
        """Somebody submits; ``skipped`` numbers went to other communities before."""
        return self._add("t3", skipped, {"title": title, "selftext": "", "is_self": True})

    def comment(self, body: str) -> str:
        """Somebody comments."""
        return self._add("t1", 0, {"body": body, "link_id": "t3_1", "parent_id": "t3_1"})

    def edit(self, uid: str, text: str) -> None:
        """The author changes a text."""
        self.now_s += 1
        thing = self.things[uid.rpartition(":")[2]]
        thing["body" if "body" in thing else "selftext"] = text
        thing["edited"] = float(self.now_s)

    def empty(self, uid: str) -> None:
        """It is taken back: listed still, without its text and author."""
        thing = self.things[uid.rpartition(":")[2]]
        thing |= {"author": "[deleted]", "author_fullname": None}
        thing["body" if "body" in thing else "selftext"] = "[deleted]"

    def vanish(self, uid: str) -> None:
        """It is no longer there at all."""
        with self.lock:
            del self.things[uid.rpartition(":")[2]]

    def listing(self, kind: str, after: str | None) -> dict[str, Any]:
        """A page of the newest thousand, newest first."""
        with self.lock:
            names = [name for name in reversed(self.things) if name.startswith(kind)][:SHOWN]
        first = names.index(after) + 1 if after in names else 0
        page = names[first : first + 100]
        more = first + 100 < len(names)
        return self._listing(page, page[-1] if more else None)

    def named(self, names: list[str]) -> dict[str, Any]:
        """Those that there are."""
        return self._listing([name for name in names if name in self.things], None)

    def _listing(self, names: list[str], after: str | None) -> dict[str, Any]:
        self.handed_out.update(f"reddit:reddit.com:{name}" for name in names)
        with self.lock:
            children = [{"kind": name[:2], "data": self.things[name]} for name in names]
        return {"kind": "Listing", "data": {"after": after, "children": children}}

    def _add(self, kind: str, skipped: int, more: dict[str, Any]) -> str:
        self._number += 1 + skipped
        self.now_s += 1
        name = f"{kind}_{_base36(self._number)}"
        thing = {
            "name": name,
            "author": "somebody",
            "author_fullname": "t2_7",
            "created_utc": float(self.now_s),
            "edited": False,
            "subreddit": "guildford",
            "permalink": f"/r/guildford/comments/{name[3:]}/",
        }
        with self.lock:
            self.things[name] = thing | more
        return f"reddit:reddit.com:{name}"


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = DIGITS[rest] + digits
    return digits


class _Exchange(BaseHTTPRequestHandler):
    server: OwnedServer[Reddit]

    def do_POST(self) -> None:
        """The token endpoint."""
        owner = self.server.owner
        self.rfile.read(int(self.headers["Content-Length"]))
        given = self.headers.get("Authorization", "").removeprefix("Basic ")
        if base64.b64decode(given).decode() != owner.secret:
            self._answer(401, {"message": "Unauthorized", "error": 401})
            return
        owner.tokens += 1
        token = {"access_token": "t", "token_type": "bearer", "expires_in": 3600, "scope": "*"}
        self._answer(200, token)

    def do_GET(self) -> None:
        owner = self.server.owner
        owner.requests.append(self.path)
        address = urlsplit(self.path)
        asked = parse_qs(address.query)
        if owner.faults:
            status, headers = owner.faults.pop(0)
            self._answer(status, {"message": "no", "error": status}, headers)
        elif address.path == "/api/info":
            self._answer(200, owner.named(asked["id"][0].split(",")))
        else:
            kind = "t1" if address.path.endswith("/comments") else "t3"
            self._answer(200, owner.listing(kind, asked.get("after", [None])[0]))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        """Say nothing."""

    def _answer(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
