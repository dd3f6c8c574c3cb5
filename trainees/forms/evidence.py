"""Choosing files as evidence."""

from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from trainees.rules.evidence import ACCEPT


class SeveralFilesInput(forms.FileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Any number of files; what they are and how many may be kept is decided by `services.evidence`."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        if not files:
            super().clean(None, initial)
        # An empty file is refused by the service, in its own words.
        return list(files)


def evidence_field(*, label: Any, required: bool, hint: Any = "") -> SeveralFilesField:
    """A file input with the limits in its help text."""
    limits = _("PDF, JPEG or PNG, up to %(number)s files of %(size)s each.")
    return SeveralFilesField(
        label=label,
        required=required,
        widget=SeveralFilesInput(attrs={"accept": ACCEPT}),
        help_text=_LimitsText(hint, limits),
    )


class _LimitsText:
    """Help text put together when it is shown, by the settings and the language of that moment."""

    def __init__(self, hint: Any, limits: Any) -> None:
        self.hint, self.limits = hint, limits

    def __str__(self) -> str:
        words = str(self.limits) % {
            "number": settings.EVIDENCE_FILES_MOST,
            "size": filesizeformat(settings.EVIDENCE_FILE_MOST),
        }
        return f"{self.hint}{words}"
