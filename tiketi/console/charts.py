"""The charts of a sale's page, each with its table: what they are called."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from tiketi.console.rights import ConsoleRight


@dataclass(frozen=True)
class Chart:
    """A chart: its series by what they are called, and the columns of its table behind the minute."""

    name: str
    title: str
    series: Sequence[str]
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def labels(self) -> str:
        """As the script reads them."""
        return "|".join(self.series)


def charts(tables: Mapping[str, Sequence[Sequence[str]]], right: ConsoleRight) -> Iterator[Chart]:
    """Those that the right lets see."""
    wait, head = _("Estimated wait"), _("Head of the line waits")
    line = [_("Waiting"), _("Inside"), _("Threshold")]
    yield Chart("line", _("Line and room"), line, line, tables["line"])
    flow = [_("Arrivals"), _("Admissions"), _("Refills from the line")]
    yield Chart("rates", _("Visitors a second"), flow, [*flow, _("Servers counted")], tables["rates"])
    yield Chart("waits", _("Waits, seconds"), [wait, head], [wait, head], tables["waits"])
    if right.sales:
        yield Chart("sales", _("Seats sold by the minute"), [_("Seats")], [_("Seats"), _("Money")], tables["sales"])
