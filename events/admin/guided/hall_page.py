"""The second step: the seats. Each way to them is a form of its own; a dry run says what it would make."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from events.admin.guided.drafts import Admin, SeenForm, go_on, lock_draft, note, of_a_draft, page_of, undone
from events.admin.guided.hall_forms import NAME_TAKEN, ChooseForm, GeneratedForm, NameTaken, UploadForm
from events.models import Event, Section
from events.plans.arena import Map, Shape, lay_out
from events.plans.building import PlanInUse, build
from events.plans.drafts import Draft
from events.sale.level_prices import seat_by, take_off_sale
from events.sale.readiness import Part


@dataclass(frozen=True)
class DryRun:
    """What would be built, and how it would lie around the stage."""

    draft: Draft
    arena: Map
    shapes: list[tuple[str, Shape]]  # with the sections' codes


@of_a_draft
def hall(model_admin: Admin, request: HttpRequest, event: Event) -> HttpResponse:
    """Choose a plan, or build one; "check" says what would be built, and builds nothing."""
    may_build = all(request.user.has_perm(f"events.{verb}_plan") for verb in ("add", "change"))
    page: dict[str, object] = {"may_build": may_build}
    if request.method != "POST":
        return page_of(model_admin, request, Part.HALL, event, page | forms_of(event))
    if request.POST.get("do") != "choose" and not may_build:
        raise PermissionDenied
    with transaction.atomic():
        draft = lock_draft(event.pk)
        form = _sent(draft, request)
        if form.is_valid():
            if "check" in request.POST and isinstance(form, GeneratedForm | UploadForm):
                page["dry_run"] = dry_run(form.draft)
                if isinstance(form, UploadForm):  # a file is not sent twice: its lines are on the page now
                    form = UploadForm(draft, lines=form.text, name=form.cleaned_data["name"])
                return page_of(model_admin, request, Part.HALL, event, page | forms_of(draft, form))
            try:
                seats = _take(draft, form)
            except NameTaken:
                form.add_error("name", NAME_TAKEN)
            except PlanInUse:
                form.add_error("name", _("Seats of this plan were ordered once. Give the new one another name."))
            else:
                note(model_admin, request, draft, Part.HALL)
                messages.success(request, _("The plan has %(seats)d seats now.") % {"seats": seats})
                return go_on(draft, Part.HALL)
        undone()
    return page_of(model_admin, request, Part.HALL, event, page | forms_of(event, form))


def forms_of(event: Event, *sent: SeenForm) -> dict[str, object]:
    """The three forms by their prefix, as they begin, and one of them as it was sent; `opened` names the one in use."""
    fresh = {str(form.prefix): form for form in (ChooseForm(event), GeneratedForm(event), UploadForm(event))}
    there = "choose" if fresh["choose"].fields["plan"].queryset else "generate"  # type: ignore[attr-defined]  # of a choice
    return {**fresh, **{str(form.prefix): form for form in sent}, "opened": sent[0].prefix if sent else there}


def _sent(event: Event, request: HttpRequest) -> SeenForm:
    match request.POST.get("do"):
        case "generate":
            return GeneratedForm(event, request.POST)
        case "upload":
            return UploadForm(event, request.POST, request.FILES)
    return ChooseForm(event, request.POST)


def _take(event: Event, form: SeenForm) -> int:
    """Let the event seat people by the plan that was chosen, or is built now; how many. Raises PlanInUse, NameTaken."""
    if isinstance(form, GeneratedForm | UploadForm):
        plan, tiers = form.plan(), take_off_sale(event)
        build(plan, form.draft)
        seat_by(event, plan, tiers)
    else:
        plan = form.cleaned_data["plan"]
        if plan.pk != event.plan_id:
            seat_by(event, plan, take_off_sale(event))
    return sum(section.capacity for section in plan.sections.all())


def dry_run(draft: Draft) -> DryRun:
    """The draft with its sections unsaved, numbered for the map."""
    blocks = sorted(draft.blocks.values(), key=lambda block: block.level)  # stable: as they stand in the table
    arena = lay_out([Section(pk=number, level=block.level) for number, block in enumerate(blocks)])
    return DryRun(draft, arena, [(block.code, arena.shapes[number]) for number, block in enumerate(blocks)])
