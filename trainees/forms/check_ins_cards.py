"""The file of a card reader."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget

from trainees.services.check_ins_cards import LIMITS, ROWS_MOST


class CardsForm(forms.Form):
    """One file, CSV or Excel."""

    file = forms.FileField(
        label=gettext_lazy("file of the card reader"),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.xlsx,.xls"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _(
            "CSV or Excel with two columns: the code of the cadre (which is the number of the card) and day with time, such as 2025-06-02 08:21:30. At most %(rows)s rows."
        ) % {"rows": ROWS_MOST}

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LIMITS.size:
            raise ValidationError(_("The file has more than %(most)s MB.") % {"most": LIMITS.size >> 20})
        return file
