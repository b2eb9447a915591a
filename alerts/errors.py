"""What can go wrong with rules, incidents and deliveries.

ConfigurationError
└── ChannelRefused      a channel's address is of no use; the address itself is secret
RecordError
└── UnknownRule         a match of a rule that this process does not know
TocsinError
├── UnknownIncident     there never was an incident of this id
└── IllegalTransition   the incident is not in a state in which this can be done
"""

from __future__ import annotations

from model.errors import ConfigurationError, RecordError, TocsinError


class ChannelRefused(ConfigurationError):
    """A channel's address is of no use. Never holds the address, which is secret."""


class UnknownRule(RecordError):
    """A match of a rule that this process does not know."""


class UnknownIncident(TocsinError):
    """There never was an incident of this id."""


class IllegalTransition(TocsinError):
    """The incident is not in a state in which this can be done."""
