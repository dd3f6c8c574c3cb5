"""Who was refused a seat: the drill-down of the live board."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from courses.enums import RoundState
from courses.models import Offering, SelectionRound
from partyschool.common.admin import ReadOnlyAdmin
from partyschool.common.numbers import whole_number
from trainees.models import SeatRefusal
from trainees.rules.denials import REFUSAL_CODES, refusal_reason

from .filters import CadreJurisdictionFilter

ROUNDS = 12


class ReasonFilter(admin.SimpleListFilter):
    title = gettext_lazy("refused because")
    parameter_name = "code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(code, refusal_reason(code)) for code in REFUSAL_CODES]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(code=self.value()) if self.value() else queryset


class _NumberFilter(admin.SimpleListFilter):
    """By the key of a row; one that is no key counts as none."""

    path = ""

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        number = self.chosen()
        return queryset if number is None else queryset.filter(**{self.path: number})

    def chosen(self) -> int | None:
        return whole_number(self.value() or "")


class RoundFilter(_NumberFilter):
    """The latest rounds that were opened."""

    title = gettext_lazy("selection round")
    parameter_name = "round"
    path = "offering__selection_round"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rounds = SelectionRound.objects.exclude(state=RoundState.DRAFT).order_by("-opens_at", "-pk")
        return [(str(pk), name) for pk, name in rounds.values_list("pk", "name")[:ROUNDS]]


class TopicFilter(_NumberFilter):
    """The topics of the round chosen, or the one topic that the address names."""

    title = gettext_lazy("topic")
    parameter_name = "topic"
    path = "offering"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        topics = Offering.objects.order_by("starts_on", "pk")
        found_round, topic = (whole_number(request.GET.get(name, "")) for name in ("round", "topic"))
        if found_round is not None:
            topics = topics.filter(selection_round=found_round)
        elif topic is not None:
            topics = topics.filter(pk=topic)
        else:
            return []
        return [(str(pk), title) for pk, title in topics.values_list("pk", "title")]


@admin.register(SeatRefusal)
class SeatRefusalAdmin(ReadOnlyAdmin):
    """Refusals as they happened, newest first."""

    list_display = ("cadre_name", "unit_name", "offering", "reason", "at")
    list_display_links = ("cadre_name",)
    list_filter = (ReasonFilter, RoundFilter, TopicFilter, CadreJurisdictionFilter)
    list_select_related = ("cadre__unit", "offering")
    search_fields = ("cadre__name", "=cadre__code")
    search_help_text = gettext_lazy("Name, or a number written in full")
    ordering = ("-pk",)
    sortable_by = ()
    fields = ("cadre_name", "unit_name", "offering", "reason", "at")
    readonly_fields = ("cadre_name", "unit_name", "reason")

    @display(description=gettext_lazy("cadre"))
    def cadre_name(self, refusal: SeatRefusal) -> str:
        return refusal.cadre.name

    @display(description=gettext_lazy("unit"))
    def unit_name(self, refusal: SeatRefusal) -> str:
        return refusal.cadre.unit.name

    @display(description=gettext_lazy("refused because"))
    def reason(self, refusal: SeatRefusal) -> str:
        return refusal_reason(refusal.code)
