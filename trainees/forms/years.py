"""A school year and its results."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from partyschool.common import clock
from trainees.enums import NoticeType


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
