"""Seating plans in the admin: built from CSV or by a generator, tried dry first."""

from functools import partial

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from events.admin.correction_form import CorrectionForm
from events.admin.labelled import Labelled
from events.admin.plan_form import GeneratorForm, LinesForm
from events.models import Plan, Section
from events.plans.building import PlanInUse, build
from events.plans.correction import correct, lock_plan
from events.sale.closing import follow


class SectionInline(Labelled, admin.TabularInline[Section, Plan]):
    """Names of the sections and where they lie; the seats come from the builder."""

    model = Section
    extra = 0
    fields = ("code", "name_ko", "name_en", "level", "order", "standing", "capacity")
    readonly_fields = ("code", "level", "standing", "capacity")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        """Sections are built, with their seats."""
        return False


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin[Plan]):
    """A plan and its builder."""

    inlines = (SectionInline,)
    list_display = ("name", "venue", "seats")
    list_select_related = ("venue",)
    search_fields = ("name", "venue__name_ko", "venue__name_en")
    change_form_template = "admin/events/plan/change_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        """Each with what it takes."""
        return super().get_queryset(request).annotate(seats=Coalesce(Sum("sections__capacity"), 0))

    @admin.display(description=gettext_lazy("capacity"))
    def seats(self, plan: Plan) -> int:
        """How many people it takes."""
        return int(plan.seats)  # type: ignore[attr-defined]  # of the page's rows

    def get_urls(self) -> list[URLPattern]:
        """The builder has a page of its own."""
        guard = self.admin_site.admin_view
        return [
            path("<key:pk>/build/", guard(self.build), name="events_plan_build"),
            path("<key:pk>/correct/", guard(self.correct), name="events_plan_correct"),
            *super().get_urls(),
        ]

    def correct(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what another table would change of a plan that sells, and do it if nobody is hurt."""
        plan = get_object_or_404(Plan, pk=pk)
        if not self.has_change_permission(request, plan):
            raise PermissionDenied
        form, correction = CorrectionForm(plan), None
        if request.method == "POST":
            with transaction.atomic():
                plan = lock_plan(pk)
                form = CorrectionForm(plan, request.POST, request.FILES)
                if form.is_valid():
                    correction = form.correction
                    if "apply" in request.POST and not correction.is_nothing:
                        seats = correct(plan, correction)
                        said = [*correction.added, *correction.changed, *correction.removed]
                        self.log_change(request, plan, "corrected: " + "; ".join(said))
                        messages.success(request, _("The plan has %(seats)d seats now.") % {"seats": seats})
                        for event in plan.events.all():
                            transaction.on_commit(partial(follow, event.pk))
                        return redirect(reverse("admin:events_plan_change", args=[pk]))
        page = {**self.admin_site.each_context(request), "plan": plan, "form": form, "correction": correction}
        page |= {"title": _("Correct the plan"), "opts": self.opts}
        return render(request, "admin/events/plan/correct.html", page)

    def build(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Generate lines, check them, or build the plan from them."""
        plan = get_object_or_404(Plan, pk=pk)
        if not self.has_change_permission(request, plan):
            raise PermissionDenied
        form, generator = LinesForm(), GeneratorForm()
        draft = None
        if "generate" in request.POST:
            generator = GeneratorForm(request.POST)
            so_far = request.POST.get("lines", "")
            form = LinesForm(initial={"lines": generator.lines_after(so_far) if generator.is_valid() else so_far})
        elif request.method == "POST":
            form = LinesForm(request.POST, request.FILES)
            if form.is_valid():
                draft = form.draft
                if "build" in request.POST:
                    try:
                        seats = build(plan, draft)
                    except PlanInUse:
                        why = _(
                            "Events are on sale with this plan, or its seats were ordered. Correct it, or make another."
                        )
                        form.add_error(None, why)
                    else:
                        self.log_change(request, plan, f"built: {seats}")
                        messages.success(request, _("The plan has %(seats)d seats now.") % {"seats": seats})
                        return redirect(reverse("admin:events_plan_change", args=[pk]))
        page = {**self.admin_site.each_context(request), "plan": plan, "form": form, "generator": generator}
        page |= {"draft": draft, "title": _("Build the plan"), "opts": self.opts}
        return render(request, "admin/events/plan/build.html", page)
