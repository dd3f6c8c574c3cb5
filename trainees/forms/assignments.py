"""Forms of the portal pages on organised assignment."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import Unit
from trainees.enums import Rank
from trainees.models import Assignment, Nomination

REASON_MOST = Nomination._meta.get_field("decision").max_length
NOTE_MOST = Nomination._meta.get_field("note").max_length


class PeopleSearchForm(forms.Form):
    """Whom the list of people is narrowed to."""

    instead = forms.CharField(required=False, widget=forms.HiddenInput)
    name = forms.CharField(label=gettext_lazy("Name, number or unit"), required=False, max_length=60)

    def searched(self) -> str:
        """The words searched for, '' for none."""
        return self.cleaned_data.get("name", "").strip() if self.is_valid() else ""


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_MOST,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3, "class": "form-control"}),
    )


class ChooseForm(forms.Form):
    """Who is called, with a word to the organisation department; with why the confirmed one is replaced."""

    cadre = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Why the confirmed person is replaced"),
        max_length=REASON_MOST,
        strip=True,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )
    note = forms.CharField(
        label=gettext_lazy("A word on the choice"),
        max_length=NOTE_MOST,
        required=False,
        strip=True,
        widget=forms.TextInput(attrs={"class": "form-control"}),
    )

    def __init__(self, *args: Any, needs_reason: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_reason:
            del self.fields["reason"]


def _unit_choices(user: Any) -> list[tuple[Any, str]]:
    units = list(Unit.objects.visible_to(user).only("name", "depth"))
    top = min((unit.depth for unit in units), default=0)
    return [("", _("All units")), *((unit.pk, "\u3000" * (unit.depth - top) + unit.name) for unit in units)]


class _ChosenForm(forms.Form):
    """A form of filters: what is not valid counts as not chosen."""

    def chosen(self) -> dict[str, Any]:
        """The valid choices."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}


class RatesForm(_ChosenForm):
    """What the assignment rates are narrowed to. The unit is checked by the view: outside the scope is 404."""

    year = forms.TypedChoiceField(label=gettext_lazy("Year"), coerce=int, empty_value=None, required=False)
    assignment = forms.TypedChoiceField(
        label=gettext_lazy("Class"), coerce=int, empty_value=None, required=False
    )
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), required=False)

    def __init__(
        self, *args: Any, years: list[int], classes: list[Assignment], user: Any, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["year"].choices = [(year, str(year)) for year in years]
        fields["assignment"].choices = [
            ("", _("All classes")),
            *((one.pk, one.offering.title) for one in classes),
        ]
        fields["unit"].choices = _unit_choices(user)


class NeverCalledForm(_ChosenForm):
    """What the list of people never called is narrowed to."""

    since = forms.ChoiceField(
        label=gettext_lazy("Not called"),
        required=False,
        choices=[("year", gettext_lazy("this year")), ("ever", gettext_lazy("ever"))],
    )
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), required=False)
    rank = forms.ChoiceField(
        label=gettext_lazy("Rank"), required=False, choices=[("", gettext_lazy("All ranks")), *Rank.choices]
    )
    name = forms.CharField(label=gettext_lazy("Name"), required=False, max_length=60)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: Any = self.fields
        fields["unit"].choices = _unit_choices(user)
