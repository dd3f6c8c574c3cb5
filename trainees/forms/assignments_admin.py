"""Forms of the administration's pages on organised assignment."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeVerticalWidget,
    UnfoldAdminTextareaWidget,
)

from courses.enums import OfferingState
from courses.models import Offering
from partyschool.common import clock
from trainees.enums import CadreCategory, Rank
from trainees.models import Assignment, Nomination
from trainees.rules.assignments import ASSIGNED_KINDS
from trainees.selectors.assignments_quotas import QuotaRow

SEATS_MOST = 100_000
REASON_MOST = Nomination._meta.get_field("decision").max_length


def _instant(label: Any, help_text: Any = "") -> forms.SplitDateTimeField:
    return forms.SplitDateTimeField(
        label=label, help_text=help_text, widget=UnfoldAdminSplitDateTimeVerticalWidget
    )


class AssignmentForm(forms.Form):
    """The dates of an assignment, and whom its class is meant for."""

    nominate_by = _instant(gettext_lazy("units nominate until"), gettext_lazy("Beijing time."))
    confirm_by = _instant(gettext_lazy("organisation departments confirm until"))
    substitutes_until = _instant(
        gettext_lazy("substitutes until"),
        gettext_lazy(
            "Until then a unit may send somebody else in the stead of one who was returned, put off or confirmed."
        ),
    )
    instructions = forms.CharField(
        label=gettext_lazy("instructions to the units"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
    )
    ranks = forms.MultipleChoiceField(
        label=gettext_lazy("meant for ranks"),
        choices=Rank,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("None ticked: for all. Others can be sent, with a warning."),
    )
    categories = forms.MultipleChoiceField(
        label=gettext_lazy("meant for categories"),
        choices=CadreCategory,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy("None ticked: for all. Others can be sent, with a warning."),
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        begins = self.cleaned_data.get("nominate_by")
        for name in ("confirm_by", "substitutes_until"):
            ends = self.cleaned_data.get(name)
            if begins and ends and ends < begins:
                self.add_error(name, ValidationError(_("It must not lie before the end of the nominations.")))
        return cleaned

    @staticmethod
    def stored(found: Assignment) -> dict[str, Any]:
        """What the form shows of an assignment."""
        names = ("nominate_by", "confirm_by", "substitutes_until", "instructions", "ranks", "categories")
        return {name: getattr(found, name) for name in names}


class NewAssignmentForm(AssignmentForm):
    """The class as well: planned or published, of a kind that people are called to, without an assignment."""

    offering: forms.ModelChoiceField = forms.ModelChoiceField(
        label=gettext_lazy("class"), queryset=Offering.objects.none(), widget=UnfoldAdminSelectWidget
    )
    field_order = ("offering",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        free = Offering.objects.filter(
            kind__in=ASSIGNED_KINDS,
            state__in=[OfferingState.PLANNED, OfferingState.PUBLISHED],
            assignment=None,
            starts_on__gt=clock.school_date(),
        )
        self.fields["offering"].queryset = free.order_by("starts_on", "pk")  # type: ignore[attr-defined]  # a ModelChoiceField
        self.fields["offering"].label_from_instance = _with_dates  # type: ignore[attr-defined]  # as above

    @staticmethod
    def proposed() -> dict[str, datetime]:
        """Dates to begin with: a week to nominate, three days to decide, another week for substitutes."""
        first = clock.school_date() + timedelta(days=7)
        return {
            name: clock.school_instant(first + timedelta(days=days), time(18))
            for name, days in (("nominate_by", 0), ("confirm_by", 3), ("substitutes_until", 10))
        }


def _with_dates(offering: Any) -> str:
    return f"{offering.starts_on.isoformat()} {offering.title}（{offering.get_kind_display()}）"


class QuotasForm(forms.Form):
    """How many people each unit sends: one number per unit, all in one table."""

    def __init__(self, *args: Any, rows: Sequence[QuotaRow], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.rows = rows
        for row in rows:
            self.fields[f"unit_{row.unit.pk}"] = forms.IntegerField(
                label=row.unit.name,
                min_value=row.nominated,
                max_value=SEATS_MOST,
                required=False,
                initial=row.proposed or None,
                widget=UnfoldAdminIntegerFieldWidget,
            )

    def lines(self) -> list[tuple[QuotaRow, Any]]:
        """Each unit with its field."""
        return [(row, self[f"unit_{row.unit.pk}"]) for row in self.rows]

    def seats(self) -> dict[int, int]:
        """Unit → people, of the units that have or get a quota; after validation."""
        entered = {row.unit.pk: self.cleaned_data[f"unit_{row.unit.pk}"] or 0 for row in self.rows}
        had = {row.unit.pk for row in self.rows if row.seats}
        return {unit_id: number for unit_id, number in entered.items() if number or unit_id in had}


class ProposalForm(forms.Form):
    """How many people are to be shared out by headcount."""

    people = forms.IntegerField(
        label=gettext_lazy("people in all"),
        min_value=1,
        max_value=SEATS_MOST,
        widget=UnfoldAdminIntegerFieldWidget,
    )


class EndForm(forms.Form):
    """Why an assignment is called off."""

    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=REASON_MOST,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        strip=True,
        help_text=gettext_lazy("The units read it in their notice."),
    )
