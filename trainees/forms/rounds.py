"""A selection round as staff sets it up: the round itself, the openings of units, the seats of its topics."""

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms.models import construct_instance
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSplitDateTimeVerticalWidget,
)

from courses.enums import OfferingKind, OfferingState, RoundState
from courses.models import Offering, RoundOpening, SeatReservation, SelectionRound, UnitQuota
from partyschool.accounts.models import Unit
from partyschool.common.search_boxes import SearchBox
from trainees.enums import CadreCategory, Rank

SEATS_MOST = 100_000
# At which field a rule of the database is told.
RULES = {
    "courses_selectionround_name_uq": "name",
    "courses_selectionround_window_ck": "closes_at",
    "courses_selectionround_change_ck": "change_closes_at",
    "courses_selectionround_picks_ck": "max_picks",
    "courses_selectionround_least_ck": "min_picks",
    "courses_selectionround_offer_ck": "offer_hours",
}


class SelectionRoundForm(forms.ModelForm):
    """A round with the cadres it is open to and its topics."""

    ranks = forms.MultipleChoiceField(
        label=_("open to ranks"),
        choices=Rank,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None ticked: open to all."),
    )
    categories = forms.MultipleChoiceField(
        label=_("open to categories"),
        choices=CadreCategory,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None ticked: open to all."),
    )
    offerings = forms.ModelMultipleChoiceField(
        label=_("topics of the round"),
        queryset=Offering.objects.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Elective topics and forum sessions that are in no other round."),
    )

    class Meta:
        model = SelectionRound
        fields = [
            "year",
            "name",
            "mode",
            "mechanism",
            "place_non_voters",
            "opens_at",
            "closes_at",
            "change_closes_at",
            "min_picks",
            "max_picks",
            "repeats_allowed",
            "ranks",
            "categories",
            "units",
            "waiting",
            "offer_hours",
            "freeze_days",
        ]
        help_texts = {
            "min_picks": _("0: nobody has to pick. It is a figure for planning; nobody is refused for less."),
            "units": _("With everything under them. None chosen: open to all."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "offerings" in self.fields:
            free = Q(selection_round=None, kind__in=[OfferingKind.ELECTIVE, OfferingKind.FORUM])
            free &= Q(state__in=[OfferingState.PLANNED, OfferingState.PUBLISHED])
            own = Q(selection_round=self.instance.pk) if self.instance.pk else Q(pk__in=[])
            choices = Offering.objects.filter(free | own).order_by("-year", "starts_on", "pk")
            self.fields["offerings"].queryset = choices  # type: ignore[attr-defined]  # a ModelMultipleChoiceField
            if self.instance.pk:
                self.initial["offerings"] = list(Offering.objects.filter(own).values_list("pk", flat=True))

    def clean_closes_at(self) -> Any:
        entered, stored = self.cleaned_data["closes_at"], self.initial.get("closes_at")
        if stored and entered in {stored.replace(microsecond=0), stored.replace(second=0, microsecond=0)}:
            return stored  # as it was shown
        if stored and self.instance.state == RoundState.OPEN and entered < stored:
            raise ValidationError(
                _("People were told that the round closes at that time; it can only be put off.")
            )
        return entered

    def clean(self) -> dict[str, Any] | None:
        """The rules of the database, each told at its field, against what is stored for fields that the page does not show."""
        cleaned = super().clean()
        entered = construct_instance(self, copy(self.instance), self._meta.fields)
        for constraint in SelectionRound._meta.constraints:
            name = RULES.get(constraint.name)
            if name in self.fields:
                try:
                    constraint.validate(SelectionRound, entered, exclude=set(self.errors))
                except ValidationError as error:
                    self.add_error(name, error)
        return cleaned


class UnitBox(SearchBox):
    """A unit to be searched for. The one that is stored comes with its row, so that a table of rows costs no query for each."""

    stored: Unit | None = None

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        if self.stored is None or list(value) != [str(self.stored.pk)]:
            return super().optgroups(name, value, attr)
        blank = [] if self.is_required else [self.create_option(name, "", "", False, 0)]
        return [(None, [*blank, self.create_option(name, self.stored.pk, self.stored.name, True, 1)], 0)]


class _UnitRowForm(forms.ModelForm):
    """A row with a unit."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields.get("unit")
        if field and isinstance(field.widget, UnitBox) and self.instance.unit_id:
            field.widget.stored = self.instance.unit


class OpeningForm(_UnitRowForm):
    """When the cadres of a unit are let in."""

    class Meta:
        model = RoundOpening
        fields = ["unit", "opens_at"]
        widgets = {"opens_at": UnfoldAdminSplitDateTimeVerticalWidget}


class OpeningFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        super().clean()
        closes_at = self.instance.closes_at
        for form in self.forms:
            opens_at = getattr(form, "cleaned_data", {}).get("opens_at")
            if opens_at and closes_at and opens_at >= closes_at and not self._should_delete_form(form):
                form.add_error("opens_at", _("Every unit must be let in before the round closes."))


class TopicSeatsForm(forms.ModelForm):
    """How many seats a topic of the round has, and from how many people on it is held."""

    capacity = forms.IntegerField(
        label=_("seats"), min_value=0, max_value=SEATS_MOST, widget=UnfoldAdminIntegerFieldWidget
    )

    class Meta:
        model = Offering
        fields = ["least"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        seats = getattr(self.instance, "seats", None)
        self.initial["capacity"] = seats.capacity if seats else 0

    def clean_capacity(self) -> int:
        entered: int = self.cleaned_data["capacity"]
        seats = getattr(self.instance, "seats", None)
        if seats and entered < seats.taken:
            raise ValidationError(
                ngettext("%(taken)s seat is taken.", "%(taken)s seats are taken.", seats.taken),
                params={"taken": seats.taken},
            )
        return entered


class _TopicRowForm(_UnitRowForm):
    """A row of a table whose rows belong to topics of one round; a stored row keeps its topic."""

    def __init__(self, *args: Any, topics: Sequence[Offering] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field := self.fields.get("offering"):
            field.queryset = Offering.objects.filter(pk__in=[topic.pk for topic in topics])  # type: ignore[attr-defined]  # a ModelChoiceField
            field.choices = [("", "—"), *((topic.pk, topic.title) for topic in topics)]  # type: ignore[attr-defined]  # as above
            field.disabled = bool(self.instance.pk)

    def _least(self, name: str) -> Any:
        entered = self.cleaned_data[name]
        if entered is not None and entered < self.instance.taken:
            raise ValidationError(
                ngettext("%(taken)s seat is taken.", "%(taken)s seats are taken.", self.instance.taken),
                params={"taken": self.instance.taken},
            )
        return entered


class ReservationForm(_TopicRowForm):
    """Seats of a topic that are kept for a group."""

    ranks = forms.MultipleChoiceField(
        label=_("ranks"), choices=Rank, required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    categories = forms.MultipleChoiceField(
        label=_("categories"),
        choices=CadreCategory,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = SeatReservation
        fields = ["offering", "name", "unit", "ranks", "categories", "seats"]
        widgets = {"offering": UnfoldAdminSelectWidget}
        labels = {"offering": _("topic")}

    def clean_seats(self) -> Any:
        return self._least("seats")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk and self.instance.taken:
            for name in {"unit", "ranks", "categories"} & set(self.changed_data):
                self.add_error(name, _("Seats are taken; whom they are kept for stands."))
        return cleaned


class QuotaForm(_TopicRowForm):
    """How many of a topic's seats the people of one unit may have."""

    class Meta:
        model = UnitQuota
        fields = ["offering", "unit", "most"]
        widgets = {"offering": UnfoldAdminSelectWidget}
        labels = {"offering": _("topic")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field := self.fields.get("unit"):
            field.disabled = bool(self.instance.pk)

    def clean_most(self) -> Any:
        return self._least("most")


class TopicRowFormSet(forms.BaseModelFormSet):
    """Rows that belong to the topics of one round. To the administration, a table of the round, though no row names it.

    `together` are all tables of the page by prefix, so that one can be checked against what is entered in another.
    """

    fk = None
    together: Mapping[str, forms.BaseFormSet] = {}

    def __init__(
        self,
        *args: Any,
        instance: SelectionRound,
        queryset: Any,
        save_as_new: bool = False,
        **kwargs: Any,
    ) -> None:
        self.instance = instance
        rows = queryset.filter(offering__selection_round=instance.pk)
        super().__init__(*args, queryset=rows, **kwargs)

    @classmethod
    def get_default_prefix(cls) -> str:
        return f"{cls.model._meta.model_name}s"

    @cached_property
    def topics(self) -> dict[int, Offering]:
        """The topics of the round with their seats, by key."""
        found = Offering.objects.filter(selection_round=self.instance.pk)
        return {one.pk: one for one in found.select_related("seats").order_by("starts_on", "pk")}

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "topics": list(self.topics.values())}

    def capacity(self, offering_id: int) -> int:
        """The seats of a topic as entered on the same page, else as stored."""
        for form in getattr(self.together.get("offerings"), "initial_forms", ()):
            if form.instance.pk == offering_id and form.is_valid() and "capacity" in form.cleaned_data:
                return int(form.cleaned_data["capacity"])
        seats = getattr(self.topics[offering_id], "seats", None)
        return seats.capacity if seats else 0

    def kept_forms(self) -> list[Any]:
        """The valid rows that are filled in and not struck out."""
        return [
            form
            for form in self.forms
            if form.is_valid() and form.cleaned_data.get("offering") and not self._should_delete_form(form)
        ]


class ReservationFormSet(TopicRowFormSet):
    def clean(self) -> None:
        super().clean()
        if any(form.instance.taken for form in self.deleted_forms):
            raise ValidationError(_("Reserved seats that are taken cannot be struck out."))
        rows: dict[int, list[Any]] = {}
        for form in self.kept_forms():
            rows.setdefault(form.cleaned_data["offering"].pk, []).append(form)
        for offering_id, forms_of in rows.items():
            wanted = sum(form.cleaned_data["seats"] for form in forms_of)
            seats = getattr(self.topics[offering_id], "seats", None)
            elsewhere = seats.taken - seats.reserved_taken if seats else 0
            free = self.capacity(offering_id) - elsewhere
            if wanted > free:
                forms_of[-1].add_error(
                    "seats",
                    gettext("%(wanted)s seats would be reserved; only %(free)s can be.")
                    % {"wanted": wanted, "free": max(free, 0)},
                )


class QuotaFormSet(TopicRowFormSet):
    def clean(self) -> None:
        super().clean()
        early = gettext("Unit quotas come and go only while no seat of the topic is taken.")
        if any(self._begun(form.instance.offering_id) for form in self.deleted_forms if form.instance.pk):
            raise ValidationError(early)
        for form in self.kept_forms():
            if not form.instance.pk and self._begun(form.cleaned_data["offering"].pk):
                form.add_error("offering", early)

    def _begun(self, offering_id: int) -> bool:
        seats = getattr(self.topics.get(offering_id), "seats", None)
        return bool(seats and seats.taken)


class ChangeWindowForm(forms.Form):
    """Until when places of a round may be changed."""

    until = forms.SplitDateTimeField(
        label=_("change window closes at"),
        widget=UnfoldAdminSplitDateTimeVerticalWidget,
        help_text=_(
            "Beijing time. Until then people may still change their places, first come, first served."
        ),
    )


class LookUpForm(forms.Form):
    """One cadre to be looked up. The field is set up by the page, which knows who may be seen."""

    cadre: forms.ModelChoiceField = forms.ModelChoiceField(label=_("cadre"), queryset=None)
