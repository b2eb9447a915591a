"""Every kind of rule. A further one is added here and to ``model.rule.RuleKind``."""

from __future__ import annotations

from collections.abc import Mapping

from alerts.kinds.any_post import ANY
from alerts.kinds.area_entry import AREA_ENTRY
from alerts.kinds.burst import BURST
from alerts.kinds.cardinality import CARDINALITY
from alerts.kinds.change import CHANGE
from alerts.kinds.cluster import CLUSTER
from alerts.kinds.composite import COMPOSITE
from alerts.kinds.coverage import COVERAGE
from alerts.kinds.flatline import FLATLINE
from alerts.kinds.frequency import FREQUENCY
from alerts.kinds.metric import METRIC
from alerts.kinds.metric_spike import METRIC_SPIKE
from alerts.kinds.new_term import NEW_TERM
from alerts.kinds.percentage import PERCENTAGE
from alerts.kinds.port import Detector, Kind
from alerts.kinds.runs import Lasting
from alerts.kinds.sequence import SEQUENCE
from alerts.kinds.spike import SPIKE
from alerts.kinds.terms import ALLOWLIST, TERMS
from model.rule import Rule, RuleKind

KINDS: Mapping[RuleKind, Kind] = {
    kind.name: kind
    for kind in (
        ANY,
        TERMS,
        ALLOWLIST,
        CHANGE,
        FREQUENCY,
        SPIKE,
        FLATLINE,
        NEW_TERM,
        CARDINALITY,
        METRIC,
        METRIC_SPIKE,
        PERCENTAGE,
        CLUSTER,
        AREA_ENTRY,
        SEQUENCE,
        COMPOSITE,
        BURST,
        COVERAGE,
    )
}


def detector(rule: Rule | None) -> Detector:
    """What decides for this rule; None is a rule that was removed."""
    return Lasting() if rule is None else KINDS[rule.kind].detector(rule)
