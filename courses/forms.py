from itertools import pairwise
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSplitDateTimeVerticalWidget,
    UnfoldAdminTextareaWidget,
    UnfoldBooleanSwitchWidget,
)

from courses.enums import RoundMode, RoundState
from courses.models import Lesson, Offering, Room, SelectionRound
from partyschool.common import clock


class OfferingForm(forms.ModelForm):
    """An offering; a new one comes with its seats, which later change on a page of their own."""

    capacity = forms.IntegerField(
        label=_("seats"), min_value=0, max_value=100_000, initial=50, widget=UnfoldAdminIntegerFieldWidget
    )

    class Meta:
        model = Offering
        fields = [
            "kind",
            "code",
            "title",
            "summary",
            "series",
            "year",
            "signboard",
            "starts_on",
            "ends_on",
            "lead_teacher",
            "selection_round",
        ]
        widgets = {"summary": UnfoldAdminTextareaWidget(attrs={"rows": 3})}

    def clean_selection_round(self) -> SelectionRound | None:
        """Topics come and go while a round is drafted; an open first-come round still takes more, a draw that was opened does not."""
        chosen: SelectionRound | None = self.cleaned_data["selection_round"]
        before = Offering.objects.select_related("selection_round").filter(pk=self.instance.pk).first()
        former = before.selection_round if before else None
        if chosen == former:
            return chosen
        if former is not None and former.state != RoundState.DRAFT:
            raise ValidationError(
                _(
                    "“%(name)s” has been opened, and people may have picked this topic there. Cancel the offering instead."
                ),
                params={"name": former.name},
            )
        if chosen is not None and chosen.mode == RoundMode.DRAW and chosen.state != RoundState.DRAFT:
            raise ValidationError(
                _("“%(name)s” is a draw that has been opened; it takes no more topics."),
                params={"name": chosen.name},
            )
        return chosen


class CapacityForm(forms.Form):
    """How many seats an offering has from now on; `seen` is the number that stood there when the form was opened."""

    capacity = forms.IntegerField(
        label=_("seats"), min_value=0, max_value=100_000, widget=UnfoldAdminIntegerFieldWidget
    )
    seen = forms.IntegerField(widget=forms.HiddenInput)


class RoomForm(forms.ModelForm):
    """A room; its seats are furniture, those of an offering are places."""

    class Meta:
        model = Room
        fields = ["code", "name", "seats"]
        labels = {"seats": _("places in the room")}


class LessonForm(forms.ModelForm):
    """A lesson; it is not deleted but cancelled."""

    cancelled = forms.BooleanField(label=_("cancelled"), required=False, widget=UnfoldBooleanSwitchWidget)

    class Meta:
        model = Lesson
        fields = ["title", "starts_at", "ends_at", "hours", "module", "method", "room", "teacher"]
        widgets = {
            "starts_at": UnfoldAdminSplitDateTimeVerticalWidget,
            "ends_at": UnfoldAdminSplitDateTimeVerticalWidget,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["cancelled"] = self.instance.cancelled_at is not None

    def _get_validation_exclusions(self) -> set[str]:
        # The rules against double booking ask for it, though people enter it as a switch.
        return super()._get_validation_exclusions() - {"cancelled_at"}  # type: ignore[misc]  # as below

    def _post_clean(self) -> None:
        cancelled = self.cleaned_data.get("cancelled", False)
        if cancelled != (self.instance.cancelled_at is not None):
            self.instance.cancelled_at = clock.now() if cancelled else None
        super()._post_clean()  # type: ignore[misc]  # a documented hook of ModelForm that the stubs leave out


class LessonFormSet(forms.BaseInlineFormSet):
    """Lessons of one offering, compared with each other before the database compares them with all others."""

    def clean(self) -> None:
        super().clean()
        kept = [
            form
            for form in self.forms
            if form.is_valid()
            and form.cleaned_data.get("starts_at")
            and not form.cleaned_data.get("cancelled")
        ]
        kept.sort(key=lambda form: form.cleaned_data["starts_at"])
        for earlier, later in pairwise(kept):
            if later.cleaned_data["starts_at"] < earlier.cleaned_data["ends_at"]:
                raise ValidationError(
                    _("“%(one)s” and “%(other)s” overlap."),
                    params={"one": earlier.cleaned_data["title"], "other": later.cleaned_data["title"]},
                )
