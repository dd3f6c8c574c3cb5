from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from stdnum.cn import ric
from stdnum.exceptions import ValidationError as InvalidNumber
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from courses.enums import OfferingKind, OfferingState
from courses.models import Offering, SelectionRound
from partyschool.accounts.models import Unit
from partyschool.common import clock
from partyschool.common.crypto import lookup_digest
from partyschool.common.forms import LoginNameForm
from trainees.enums import AssessmentResult, CadreCategory, Rank
from trainees.models import Cadre
from trainees.selectors.packets import normalised_code

CHECKED_FILE_MOST = 20 * 1024 * 1024


class CadreForm(LoginNameForm):
    """A cadre. A citizen number goes in and is never shown again here; left empty, the stored one stays."""

    citizen_no = forms.CharField(
        label=_("citizen number"),
        required=False,
        max_length=18,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_(
            "18 characters. It is stored encrypted and shown masked. Leave empty to keep what is stored."
        ),
    )

    class Meta:
        model = Cadre
        fields = ["code", "name", "unit", "rank", "category", "post", "joined_on", "left_on"]

    def clean_citizen_no(self) -> str:
        entered = self.cleaned_data["citizen_no"]
        if not entered:
            return ""
        try:
            number = ric.validate(entered.upper())
        except InvalidNumber as error:
            raise ValidationError(_("This is not a valid citizen number: check every digit.")) from error
        others = Cadre.objects.unscoped("one number, one person").exclude(pk=self.instance.pk)
        if others.filter(citizen_no_digest=lookup_digest(number)).exists():
            raise ValidationError(_("Another cadre has this citizen number."))
        return number


class RevealForm(forms.Form):
    reason = forms.CharField(
        label=_("reason"), max_length=200, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), strip=True
    )


class CancelForm(forms.Form):
    """Why an offering will not be held; the people enrolled read it."""

    reason = forms.CharField(
        label=_("reason"),
        max_length=200,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        strip=True,
        help_text=_("The people enrolled read it in their notice."),
    )


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
            "opens_at",
            "closes_at",
            "max_picks",
            "ranks",
            "categories",
            "units",
        ]

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


class YearForm(forms.Form):
    """A school year that has begun: this one or one of the nine before."""

    year = forms.TypedChoiceField(label=_("year"), coerce=int, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        this_year = clock.school_year()
        years = range(this_year, this_year - 10, -1)
        self.fields["year"].choices = [(year, str(year)) for year in years]  # type: ignore[attr-defined]  # a ChoiceField


class EnrolForm(forms.Form):
    """One cadre to be enrolled by hand. The field is set up by the admin page, which knows who may be chosen."""

    cadre: forms.ModelChoiceField = forms.ModelChoiceField(label=_("cadre"), queryset=None)


class CadreResultsForm(forms.Form):
    """What the list of cadres of a closed year can be narrowed to. The unit is checked by the view: outside the scope is 404."""

    year = forms.TypedChoiceField(label=_("Year"), coerce=int, empty_value=None, required=False)
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    result = forms.ChoiceField(
        label=_("Result"), required=False, choices=[("", _("All results")), *AssessmentResult.choices]
    )
    rank = forms.ChoiceField(label=_("Rank"), required=False, choices=[("", _("All ranks")), *Rank.choices])
    name = forms.CharField(label=_("Name"), required=False, max_length=60)
    sort = forms.ChoiceField(
        label=_("Order"),
        required=False,
        choices=[
            ("name", _("By name")),
            ("least", _("Least credits first")),
            ("most", _("Most credits first")),
        ],
    )

    def __init__(self, *args: Any, years: list[int], user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [(year, str(year)) for year in years]  # type: ignore[attr-defined]  # a ChoiceField
        units = list(Unit.objects.visible_to(user).only("name", "depth"))
        top = min((unit.depth for unit in units), default=0)
        self.fields["unit"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", _("All units")),
            *((unit.pk, "\u3000" * (unit.depth - top) + unit.name) for unit in units),
        ]

    def chosen(self) -> dict[str, Any]:
        """The valid choices; what is not valid counts as not chosen."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}


class CheckCodeForm(forms.Form):
    """The check code of a document, typed from paper."""

    code = forms.CharField(
        label=_("Check code"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        help_text=_("16 letters and digits beside the signature. Spaces, hyphens and case do not matter."),
    )

    def clean_code(self) -> str:
        code = normalised_code(self.cleaned_data["code"])
        if not code:
            raise ValidationError(_("Enter the letters and digits of the code."))
        return code[:40]


class CheckFileForm(forms.Form):
    """A file to be compared with what was issued; it is read once and kept nowhere."""

    file = forms.FileField(
        label=_("File"), help_text=_("PDF or Excel file, at most 20 MB. It is compared and not kept.")
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > CHECKED_FILE_MOST:
            raise ValidationError(_("The file is larger than 20 MB."))
        return file
