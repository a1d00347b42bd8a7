"""The terms of a decision in the reader's language; the rows keep them by their names."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

TERMS = {
    "alarm": gettext_lazy("alarm"),
    "desired": gettext_lazy("servers wanted"),
    "floor": gettext_lazy("least part of the rate"),
    "horizon_s": gettext_lazy("until an order is ready, s"),
    "last_wait_s": gettext_lazy("wait of the last in line, s"),
    "maximum": gettext_lazy("most servers"),
    "minimum": gettext_lazy("fewest servers"),
    "multiplier": gettext_lazy("part of the rate"),
    "multiplier_before": gettext_lazy("part of the rate before"),
    "processes": gettext_lazy("web processes that told"),
    "reachable": gettext_lazy("within the target wait"),
    "scheduled": gettext_lazy("servers ordered ahead"),
    "steady": gettext_lazy("servers that newcomers fill"),
    "target_s": gettext_lazy("wait for a thread that is aimed at, s"),
    "threshold": gettext_lazy("threshold"),
    "value": gettext_lazy("measured"),
    "waited_s": gettext_lazy("longest wait for a thread, s"),
    "work": gettext_lazy("work in the lines, server-minutes"),
}


def in_words(terms: Mapping[str, Any]) -> str:
    """All of them in a line: "servers ordered ahead 7"."""
    return ", ".join(f"{TERMS.get(name, name)} {_value(value)}" for name, value in terms.items())


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return f"{value:,g}" if isinstance(value, int | float) else str(value)
