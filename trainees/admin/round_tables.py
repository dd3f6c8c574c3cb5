"""The tables on the page of a selection round: openings of units, seats of topics, reservations, unit quotas."""

from functools import partial
from typing import Any

from django import forms
from django.contrib.admin.checks import InlineModelAdminChecks
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from courses.enums import OfferingState, RoundState
from courses.models import Offering, RoundOpening, SeatReservation, SelectionRound, UnitQuota
from courses.rules import seats_stand
from partyschool.common.admin import ROWS_MOST, PortalTabularInline
from trainees.enums import CadreCategory, Rank
from trainees.forms.rounds import (
    OpeningForm,
    OpeningFormSet,
    QuotaForm,
    QuotaFormSet,
    ReservationForm,
    ReservationFormSet,
    TopicSeatsForm,
    UnitBox,
)


def names_of(choices: Any, codes: list[str]) -> str:
    """The labels of `codes`, or "all" for none of them."""
    return "、".join(str(choices(code).label) for code in codes) or _("all")


class RoundInline(PortalTabularInline):
    """Rows that are written with the round: who may change it may add, change and strike them out, while its state allows."""

    def open_to_change(self, found: SelectionRound | None) -> bool:
        return found is not None

    def _may(self, request: HttpRequest, found: Any) -> bool:
        return request.user.has_perm("courses.change_selectionround") and self.open_to_change(found)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("courses.view_selectionround")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj)


class OpeningInline(RoundInline):
    model = RoundOpening
    form = OpeningForm
    formset = OpeningFormSet
    fields = ("unit", "opens_at")
    autocomplete_fields = ("unit",)
    ordering = ("opens_at", "unit__path")

    def open_to_change(self, found: SelectionRound | None) -> bool:
        return found is not None and found.state == RoundState.DRAFT

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("unit")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["widget"] = UnitBox(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class SeatInline(RoundInline):
    """What belongs to the seats stands still while they are part of a sealed draw."""

    def open_to_change(self, found: SelectionRound | None) -> bool:
        return found is not None and not seats_stand(found.state)


class TopicInline(SeatInline):
    """The round's topics and how full they are; which ones they are is chosen above."""

    model = Offering
    form = TopicSeatsForm
    verbose_name_plural = gettext_lazy("seats of the topics")
    fields = ("topic", "topic_state", "starts_on", "lead_teacher", "taken", "capacity", "least")
    readonly_fields = ("topic", "topic_state", "starts_on", "lead_teacher", "taken", "seats_there")
    ordering = ("starts_on", "pk")
    max_num = 0

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if self.has_change_permission(request, obj):
            return self.fields
        return tuple("seats_there" if name == "capacity" else name for name in self.fields)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("seats", "lead_teacher")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description=gettext_lazy("topic"))
    def topic(self, offering: Offering) -> Any:
        url = reverse("admin:courses_offering_change", args=[offering.pk])
        return format_html('<a class="text-link" href="{}">{}</a>', url, offering.title)

    @display(description=gettext_lazy("state"))
    def topic_state(self, offering: Offering) -> Any:
        return OfferingState(offering.state).label

    @display(description=gettext_lazy("taken"))
    def taken(self, offering: Offering) -> Any:
        seats = getattr(offering, "seats", None)
        return seats.taken if seats else 0

    @display(description=gettext_lazy("seats"))
    def seats_there(self, offering: Offering) -> Any:
        seats = getattr(offering, "seats", None)
        return seats.capacity if seats else 0


class _TopicRowChecks(InlineModelAdminChecks):
    """Rows belong to the round by their topic, so Django finds no key to it."""

    def _check_exclude_of_parent_model(self, obj: Any, parent_model: Any) -> list[Any]:
        return []

    def _check_relation(self, obj: Any, parent_model: Any) -> list[Any]:
        return []


class _ShownRow(forms.ModelForm):
    """A row to look at."""

    def __init__(self, *args: Any, topics: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def has_changed(self) -> bool:
        return False


class TopicRowInline(SeatInline):
    """A table of rows that belong to topics of the round."""

    checks_class = _TopicRowChecks
    autocomplete_fields = ("unit",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super()
            .get_queryset(request)
            .select_related("offering", "unit")
            .order_by("offering__starts_on", "pk")
        )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "unit":
            kwargs["widget"] = UnitBox(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        writes = self.has_change_permission(request, obj)
        return forms.modelformset_factory(
            self.model,
            form=self.form if writes else _ShownRow,
            formset=self.formset,
            fields=self.form._meta.fields if writes else [],
            formfield_callback=partial(self.formfield_for_dbfield, request=request),
            extra=0,
            can_delete=self.has_delete_permission(request, obj),
            max_num=ROWS_MOST,
            absolute_max=ROWS_MOST,
        )


class ReservationInline(TopicRowInline):
    model = SeatReservation
    form = ReservationForm
    formset = ReservationFormSet
    fields = ("offering", "name", "unit", "ranks", "categories", "seats", "taken")
    readonly_fields = ("taken", "rank_names", "category_names")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if self.has_change_permission(request, obj):
            return self.fields
        words = {"ranks": "rank_names", "categories": "category_names"}
        return tuple(words.get(name, name) for name in self.fields)

    @display(description=gettext_lazy("ranks"))
    def rank_names(self, row: SeatReservation) -> str:
        return names_of(Rank, row.ranks)

    @display(description=gettext_lazy("categories"))
    def category_names(self, row: SeatReservation) -> str:
        return names_of(CadreCategory, row.categories)


class QuotaInline(TopicRowInline):
    model = UnitQuota
    form = QuotaForm
    formset = QuotaFormSet
    fields = ("offering", "unit", "most", "taken")
    readonly_fields = ("taken",)
