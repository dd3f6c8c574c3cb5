"""Waiting lists: who stands where, who was passed over and why, and who was moved by hand."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action, display

from courses.models import SelectionRound
from partyschool.common.admin import ReadOnlyAdmin
from partyschool.common.numbers import whole_number
from trainees.enums import IN_LINE_STATES, WaitingState
from trainees.forms.waiting import PriorityForm
from trainees.models import WaitingEntry
from trainees.selectors.waiting import positions_of
from trainees.services.waiting import set_priority

from .filters import CadreJurisdictionFilter

STATE_COLOURS = {
    WaitingState.WAITING: "info",
    WaitingState.SKIPPED: "warning",
    WaitingState.OFFERED: "warning",
    WaitingState.ACCEPTED: "success",
    WaitingState.DECLINED: "danger",
    WaitingState.EXPIRED: "danger",
}
ROUNDS_MOST = 20


class RoundFilter(admin.SimpleListFilter):
    """By the newest rounds."""

    title = gettext_lazy("selection round")
    parameter_name = "round"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = SelectionRound.objects.order_by("-opens_at", "-pk")[:ROUNDS_MOST]
        return [(str(found.pk), found.name) for found in newest]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        number = whole_number(self.value() or "")
        return queryset if number is None else queryset.filter(offering__selection_round=number)


class OfferingFilter(admin.SimpleListFilter):
    """One topic, as the desk and the topic's own page link to it."""

    title = gettext_lazy("offering")
    parameter_name = "offering"

    def has_output(self) -> bool:
        return True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        waited_for = WaitingEntry.objects.visible_to(request.user).order_by(
            "-offering__starts_on", "offering"
        )
        found = waited_for.values_list("offering", "offering__title", "offering__starts_on").distinct()
        return [(str(pk), title) for pk, title, _day in found[:ROUNDS_MOST]]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        number = whole_number(self.value() or "")
        return queryset if number is None else queryset.filter(offering=number)


class MovedFilter(admin.SimpleListFilter):
    """Whether staff ever moved the entry: the list of changed priorities."""

    title = gettext_lazy("priority")
    parameter_name = "moved"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", gettext_lazy("Moved by hand"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.exclude(priority_reason="") if self.value() == "1" else queryset


@admin.register(WaitingEntry)
class WaitingEntryAdmin(ReadOnlyAdmin):
    """Every entry of every line, in the order in which they are asked. Entries are made and ended by rules; staff may move one."""

    list_display = (
        "cadre",
        "unit_name",
        "offering",
        "state_label",
        "queued_at",
        "priority",
        "priority_reason",
        "why_skipped",
        "offered_until",
    )
    list_display_links = ("cadre",)
    list_filter = (OfferingFilter, RoundFilter, "state", MovedFilter, CadreJurisdictionFilter)
    list_select_related = ("cadre__unit", "offering")
    search_fields = ("cadre__name", "=cadre__code", "offering__title", "=offering__code")
    search_help_text = gettext_lazy("Name, title, or a number written in full")
    ordering = ("-offering__starts_on", "offering", "-priority", "queued_at", "pk")
    sortable_by = ()
    actions_detail = ("move",)
    fields = (
        "cadre",
        "offering",
        "state",
        "place_in_line",
        "queued_at",
        "priority",
        "priority_reason",
        "gives_up",
        "skipped_facts",
        "enrolment",
        "offered_until",
        "reminded_at",
        "ended_at",
        "ended_by",
    )
    readonly_fields = ("place_in_line",)

    @display(description=gettext_lazy("unit"))
    def unit_name(self, entry: WaitingEntry) -> str:
        return entry.cadre.unit.name

    @display(description=gettext_lazy("state"), label=STATE_COLOURS)
    def state_label(self, entry: WaitingEntry) -> tuple[str, str]:
        return entry.state, entry.get_state_display()

    @display(description=gettext_lazy("skipped because, in words"))
    def why_skipped(self, entry: WaitingEntry) -> str:
        return entry.skipped_facts or "–"

    @display(description=gettext_lazy("place in line"))
    def place_in_line(self, entry: WaitingEntry) -> str:
        position = positions_of([entry]).get(entry.pk)
        return (
            _("%(position)s of %(total)s") % {"position": position[0], "total": position[1]}
            if position
            else "–"
        )

    # -- moving somebody

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Only who stands in line can be moved."""
        in_line = WaitingEntry.objects.visible_to(request.user).filter(pk=object_id, state__in=IN_LINE_STATES)
        return super().get_actions_detail(request, object_id) if in_line.exists() else []

    def has_move_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_act_permission(request)

    @action(
        description=gettext_lazy("Change the priority"),
        icon="swap_vert",
        url_path="priority",
        permissions=["move"],
    )
    def move(self, request: HttpRequest, object_id: str) -> HttpResponse:
        entry = self.get_or_404(request, object_id)
        form = PriorityForm(request.POST or None, initial={"priority": entry.priority})
        if request.method == "POST" and form.is_valid():
            with self.attempt(request, reread=entry):
                set_priority(entry_id=entry.pk, by=request.user, **form.cleaned_data)
                return self.done(
                    request,
                    _("The priority is changed, and the line is asked in the new order."),
                    self.page_of(entry),
                )
        return self.page(
            request,
            "admin/trainees/priority.html",
            title=_("Change the priority"),
            obj=entry,
            entry=entry,
            place=self.place_in_line(entry),
            possible=entry.state in IN_LINE_STATES,
            form=form,
        )
