"""Who is told of an incident."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from model.rule import Rule


class Router:
    """Chooses the channels of an incident from its rule's ``route``.

    ``channels`` are the names of those that exist, ``default`` is where a rule without a
    route goes. A route that names none of them goes to the default too, so that a
    misspelt name cannot silence an alarm.
    """

    def __init__(self, channels: Iterable[str], default: Sequence[str]) -> None:
        self._channels = frozenset(channels)
        self._default = tuple(default)

    def recipients(self, rule: Rule | None) -> tuple[str, ...]:
        """The channels to be told, each once; None is a rule that was removed."""
        known = [name for name in rule.route if name in self._channels] if rule else []
        return tuple(dict.fromkeys(known)) or self._default

    def unknown(self, rules: Iterable[Rule]) -> Iterator[tuple[Rule, str]]:
        """Rules and the channels that they name in vain."""
        for rule in rules:
            for name in rule.route:
                if name not in self._channels:
                    yield rule, name
