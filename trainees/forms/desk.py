"""What staff do by hand for one person or one topic, always with a reason that somebody reads."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from courses.enums import OfferingState
from courses.models import Offering
from trainees.enums import OverrideRule
from trainees.services.enrolments import REASON_MOST, STAFF_RULES


def _reason(help_text: Any, *, required: bool = True) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("reason"),
        max_length=REASON_MOST,
        required=required,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        strip=True,
        help_text=help_text,
    )


class _AsideForm(forms.Form):
    """With the choice of one rule to set aside; taken out for those who may not."""

    aside = forms.ChoiceField(
        label=gettext_lazy("rule to set aside"),
        required=False,
        choices=[("", gettext_lazy("None: all rules hold"))]
        + [(rule.value, rule.label) for rule in STAFF_RULES],
        widget=UnfoldAdminSelectWidget,
        help_text=gettext_lazy(
            "One rule for this one person. The number of seats cannot be set aside. Auditors and the school's leaders read the list."
        ),
    )

    def __init__(self, *args: Any, may_set_aside: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_set_aside:
            self.forbid()

    def forbid(self) -> None:
        del self.fields["aside"]

    def rule(self) -> OverrideRule | None:
        """The rule chosen, after validation."""
        chosen = self.cleaned_data.get("aside")
        return OverrideRule(chosen) if chosen else None


class EnrolForm(_AsideForm):
    """One cadre to be enrolled by hand. The field is set up by the admin page, which knows who may be chosen."""

    cadre: forms.ModelChoiceField = forms.ModelChoiceField(label=gettext_lazy("cadre"), queryset=None)
    reason = _reason(gettext_lazy("Needed when a rule is set aside."), required=False)
    field_order = ("cadre", "aside", "reason")

    def forbid(self) -> None:
        super().forbid()
        del self.fields["reason"]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.cleaned_data.get("aside") and not self.cleaned_data.get("reason"):
            self.add_error("reason", ValidationError(_("Say why the rule is set aside."), code="required"))
        return cleaned


class MoveForm(_AsideForm):
    """Into which offering somebody is moved: of the same round, or without one of the same kind and year."""

    to: forms.ModelChoiceField = forms.ModelChoiceField(
        label=gettext_lazy("move to"), queryset=Offering.objects.none(), widget=UnfoldAdminSelectWidget
    )
    reason = _reason(gettext_lazy("The person reads it in the notice."))
    field_order = ("to", "aside", "reason")

    def __init__(self, *args: Any, offering: Offering, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = neighbours(offering)  # type: ignore[attr-defined]  # a ModelChoiceField
        self.fields["to"].label_from_instance = _with_seats  # type: ignore[attr-defined]  # as above


class TakeBackForm(forms.Form):
    """Why a place is taken back."""

    reason = _reason(gettext_lazy("The person reads it in the notice."))


class KeepForm(forms.Form):
    """Why a topic is held although few take part."""

    reason = _reason(gettext_lazy("It stands in the audit trail."))


class MergeForm(forms.Form):
    """Into which topic another one is merged."""

    into: forms.ModelChoiceField = forms.ModelChoiceField(
        label=gettext_lazy("merge into"), queryset=Offering.objects.none(), widget=UnfoldAdminSelectWidget
    )
    reason = _reason(gettext_lazy("Everybody who is moved reads it in the notice."), required=False)

    def __init__(self, *args: Any, offering: Offering, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["into"].queryset = neighbours(offering)  # type: ignore[attr-defined]  # a ModelChoiceField
        self.fields["into"].label_from_instance = _with_seats  # type: ignore[attr-defined]  # as above


def neighbours(offering: Offering) -> Any:
    """The published offerings to which people of `offering` can be moved."""
    others = Offering.objects.filter(state=OfferingState.PUBLISHED, seats__isnull=False).exclude(
        pk=offering.pk
    )
    if offering.selection_round_id:
        others = others.filter(selection_round=offering.selection_round_id)
    else:
        others = others.filter(kind=offering.kind, year=offering.year)
    return others.select_related("seats").order_by("starts_on", "pk")


def _with_seats(offering: Any) -> str:
    free = offering.seats.free
    return _("%(title)s (%(starts)s, %(free)s seats free)") % {
        "title": offering.title,
        "starts": offering.starts_on.isoformat(),
        "free": free,
    }
