"""The report in the admin, at its event; and as files, by the exports' own way."""

from dataclasses import dataclass
from itertools import pairwise

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from events.admin import exporting
from events.admin.event_pages import page_of
from events.exports.files import WRITERS
from events.exports.table import Right
from events.models import Event
from events.staff import may as staff
from tiketi.sale_report.charts import Chart, Series
from tiketi.sale_report.figures import Part, lasting, parts_of
from tiketi.sale_report.kept import Kept
from tiketi.sale_report.report import SaleReport, report_of
from tiketi.sale_report.tables import TABLES
from tiketi.sale_report.timeline import acts, decisions, merged

PAGE = "event-report"


@dataclass(frozen=True)
class _Made:
    """What takes long: reading a long line, and its figures."""

    report: SaleReport
    parts: tuple[Part, ...]
    charts: list[Chart]


_kept: Kept[_Made] = Kept()


@require_safe
def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The whole report, for who sees the event's sales; acts of the staff for who may see those."""
    event = get_object_or_404(Event.objects.select_related("room", "venue"), pk=pk)
    model_admin = admin.site.get_model_admin(Event)
    if not (staff.may(request.user, "events.view_order", event) and model_admin.has_view_permission(request, event)):
        raise PermissionDenied
    made = _kept.of((event.pk, get_language()), lambda: _make(event))
    report = made.report
    shown: dict[str, object] = {
        "title": _("Report"),
        "report": report,
        "parts": made.parts,
        "charts": made.charts,
        "sees_reasons": staff.may(request.user, Right.DECISIONS, event),
        "sees_acts": staff.may(request.user, Right.ACTS, event),
        "exports": exporting.allowed(request, event, TABLES),
        "forms": list(WRITERS),
    }
    if shown["sees_acts"] and report.begins and report.ends:
        shown["decisions"] = decisions(report.begins, report.ends)
    if shown["sees_acts"]:
        shown["timeline"] = merged(acts(event), shown.get("decisions", ()))  # type: ignore[arg-type]  # what a page is shown is of any type
    return page_of(model_admin, request, event, "report", shown)


def _make(event: Event) -> _Made:
    report = report_of(event)
    with timezone.override(event.zone):  # as the page itself is told, and the files
        return _Made(report, parts_of(report), charts(report))


def export(request: HttpRequest, pk: int, kind: str, form: str) -> HttpResponseBase:
    """One of the report's tables as a file."""
    model_admin = admin.site.get_model_admin(Event)
    return exporting.export(request, pk, kind, form, model_admin=model_admin, tables=TABLES, page=PAGE)


def charts(report: SaleReport) -> list[Chart]:
    """What is better seen than read; the same figures stand in the tables beside."""
    rows = report.stretches
    if not rows:
        return []
    at = [row.at for row in rows]
    seats = [sum(row.seats for row in rows[: i + 1]) for i in range(len(rows))]
    found = []
    if any(row.came for row in rows):
        came = Series(gettext_lazy("came"), [row.came for row in rows])
        let_in = Series(gettext_lazy("let in"), [row.let_in for row in rows])
        found.append(Chart.of(gettext_lazy("Came, and let in"), at, [came, let_in], _counted))
    if report.waited:
        p50 = Series(gettext_lazy("p50"), [row.waits.p50_s for row in rows])
        p95 = Series(gettext_lazy("p95"), [row.waits.p95_s for row in rows])
        found.append(Chart.of(gettext_lazy("Waits of those whose turn came"), at, [p50, p95], lasting))
    found.append(Chart.of(gettext_lazy("Seats sold"), at, [Series(gettext_lazy("seats sold"), seats)], _counted))
    if report.servers:
        steps = report.servers.steps
        instants, servers = [steps[0].at], [steps[0].servers]
        for before, step in pairwise(steps):
            instants += [step.at, step.at]
            servers += [before.servers, step.servers]
        ordered = Series(gettext_lazy("servers ordered"), [*servers, servers[-1]])
        found.append(Chart.of(gettext_lazy("Servers"), [*instants, report.servers.ends], [ordered], _counted))
    return found


def _counted(value: float) -> str:
    return f"{value:,.0f}"
