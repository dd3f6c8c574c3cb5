"""Checking a document: its code, or the file itself."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from trainees.selectors.packets import normalised_code

CHECKED_FILE_MOST = 20 * 1024 * 1024


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
        label=_("File"),
        help_text=_("PDF, Excel or manifest file, at most 20 MB. It is compared and not kept."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > CHECKED_FILE_MOST:
            raise ValidationError(_("The file is larger than 20 MB."))
        return file
