"""The figures of the training rules: values with their days, who decides on leave, what a cycle asks for."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from partyschool.common import clock
from partyschool.common.admin import ReadOnlyAdmin
from trainees.forms.figures import CycleForm, EndTierForm, FigureForm, LeaveTierForm
from trainees.models import CycleRequirement, LeaveTier, TrainingFigure
from trainees.services.figures import end_leave_tier, set_cycle_requirement, set_figure, set_leave_tier


class InForceFilter(admin.SimpleListFilter):
    """What holds today, what will, what did."""

    title = gettext_lazy("days")
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", _("holds today")), ("later", _("still to come")), ("over", _("over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        today = clock.school_date()
        begun, over = Q(valid_from__lte=today), Q(valid_until__lt=today)
        chosen = {"now": begun & ~over, "later": ~begun, "over": over}
        return queryset.filter(chosen.get(self.value() or "", Q()))


class DatedAdmin(ReadOnlyAdmin):
    """Rows of the rules with their days. A change ends what held and begins another row; the past stays as it was."""

    list_filter: tuple[Any, ...] = (InForceFilter,)
    search_fields = ("source",)
    sortable_by = ()
    actions_list = ("set_value",)
    form_class: type[forms.Form]
    set_title: Any
    begin: Callable[[HttpRequest, dict[str, Any]], str]
    """Stores what was entered, and says so."""

    @action(
        description=gettext_lazy("Change from a day on"),
        icon="edit_calendar",
        url_path="set",
        permissions=["act"],
    )
    def set_value(self, request: HttpRequest) -> HttpResponse:
        known = {name: value for name, value in request.GET.items() if name in self.form_class.base_fields}
        form = self.form_class(request.POST or None, initial=known)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                return self.done(request, self.begin(request, form.cleaned_data), self.list_page())
        return self.page(
            request,
            "admin/trainees/set_figure.html",
            title=self.set_title,
            form=form,
            back=self.list_page(),
        )


@admin.register(TrainingFigure)
class TrainingFigureAdmin(DatedAdmin):
    """Each figure with its days."""

    list_display = ("code", "shown_value", "valid_from", "valid_until", "source")
    list_filter = (InForceFilter, "code")
    ordering = ("code", "-valid_from")
    form_class = FigureForm
    set_title = gettext_lazy("Change a figure")

    @display(description=gettext_lazy("value"))
    def shown_value(self, figure: TrainingFigure) -> str:
        return number_format(figure.value.normalize())

    def begin(self, request: HttpRequest, entered: dict[str, Any]) -> str:
        figure = set_figure(**entered, by=request.user)
        return _("“%(figure)s” is %(value)s from %(day)s on.") % {
            "figure": figure.get_code_display(),
            "value": number_format(figure.value.normalize()),
            "day": figure.valid_from,
        }


@admin.register(LeaveTier)
class LeaveTierAdmin(DatedAdmin):
    """Who decides on leave of which length; the tier without a limit takes what is longer."""

    list_display = ("approver", "shown_length", "valid_from", "valid_until", "source")
    ordering = ("most_half_days", "-valid_from")
    actions_detail = ("end",)
    form_class = LeaveTierForm
    set_title = gettext_lazy("Change who decides on leave")

    @display(description=gettext_lazy("half-days, at most"))
    def shown_length(self, tier: LeaveTier) -> str:
        return _("no limit") if tier.most_half_days is None else number_format(tier.most_half_days)

    def begin(self, request: HttpRequest, entered: dict[str, Any]) -> str:
        tier = set_leave_tier(**entered, by=request.user)
        facts = {"approver": tier.get_approver_display(), "day": tier.valid_from}
        return _("From %(day)s on these leaves are decided by: %(approver)s.") % facts

    @action(description=gettext_lazy("End this tier"), icon="event_busy", url_path="end", permissions=["act"])
    def end(self, request: HttpRequest, object_id: str) -> HttpResponse:
        tier = self.row_to_change(request, object_id)
        form = EndTierForm(request.POST or None, initial={"last_day": clock.school_date()})
        if request.method == "POST" and form.is_valid():
            with self.attempt(request, reread=tier):
                end_leave_tier(tier_id=tier.pk, by=request.user, **form.cleaned_data)
                return self.done(request, _("The tier has a last day now."), self.list_page())
        return self.page(
            request,
            "admin/trainees/set_figure.html",
            title=_("End this tier"),
            obj=tier,
            form=form,
            back=self.page_of(tier),
        )


@admin.register(CycleRequirement)
class CycleRequirementAdmin(DatedAdmin):
    """The class-hours of a cycle of years, by rank."""

    list_display = ("rank", "first_year", "last_year", "shown_hours", "valid_from", "valid_until", "source")
    list_filter = (InForceFilter, "rank")
    ordering = ("-first_year", "rank", "-valid_from")
    form_class = CycleForm
    set_title = gettext_lazy("Change what a cycle asks for")

    @display(description=gettext_lazy("class-hours, at least"))
    def shown_hours(self, found: CycleRequirement) -> str:
        return number_format(found.hours.normalize())

    def begin(self, request: HttpRequest, entered: dict[str, Any]) -> str:
        found = set_cycle_requirement(**entered, by=request.user)
        facts = {"rank": found.get_rank_display(), "hours": number_format(found.hours.normalize())}
        return _("%(rank)s: %(hours)s class-hours from %(day)s on.") % {**facts, "day": found.valid_from}
