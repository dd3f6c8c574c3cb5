"""A school year and its results."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from partyschool.accounts.models import Unit
from partyschool.common import clock
from trainees.enums import AssessmentResult, NoticeType, Rank


class YearForm(forms.Form):
    """A school year that has begun: this one or one of the nine before."""

    year = forms.TypedChoiceField(label=_("year"), coerce=int, widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        this_year = clock.school_year()
        years = range(this_year, this_year - 10, -1)
        self.fields["year"].choices = [(year, str(year)) for year in years]  # type: ignore[attr-defined]  # a ChoiceField


class ReportsForm(YearForm):
    """What reports are made: of which year, of which quarter if interim, as which kind of document."""

    quarter = forms.TypedChoiceField(
        label=_("quarter"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=[("", "—"), *[(number, str(number)) for number in range(1, 5)]],
        widget=UnfoldAdminSelectWidget,
        help_text=_(
            "The quarter of an interim report on a running year; empty for the yearly report of a sealed year."
        ),
    )
    doc_type = forms.ChoiceField(
        label=_("kind of document"),
        choices=NoticeType.choices,
        initial=NoticeType.CIRCULAR,
        widget=UnfoldAdminSelectWidget,
        required=False,
    )

    def clean_doc_type(self) -> str:
        """An address that names the year alone means a circular."""
        return self.cleaned_data["doc_type"] or NoticeType.CIRCULAR.value


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
