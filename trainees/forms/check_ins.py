"""What phones and tablets send when people check in or are marked."""

import json
import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from trainees.enums import AttendanceStatus
from trainees.services.attendance import TappedMark

SENT_MOST = 50
MARKS_MOST = 2000


class PlaceForm(forms.Form):
    """Where the sender is, if the sender wants to tell."""

    latitude = forms.DecimalField(
        required=False, min_value=-90, max_value=90, decimal_places=6, widget=forms.HiddenInput
    )
    longitude = forms.DecimalField(
        required=False, min_value=-180, max_value=180, decimal_places=6, widget=forms.HiddenInput
    )

    def place(self) -> tuple[Decimal, Decimal] | None:
        """Latitude and longitude, or None where not both were sent."""
        found = self.cleaned_data.get("latitude"), self.cleaned_data.get("longitude")
        return None if None in found else found


class CodeForm(PlaceForm):
    """The six digits on the screen."""

    key = forms.UUIDField(widget=forms.HiddenInput)
    code = forms.RegexField(
        r"^\s*(?:[0-9]\s*){6}$",
        label=_("Code on the screen"),
        error_messages={"invalid": _("Type the six digits under the square on the screen.")},
        widget=forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "autocomplete": "off",
                "maxlength": 9,
                "class": "form-control code-field",
                "placeholder": "000000",
            }
        ),
    )


class WaitingForm(CodeForm):
    """One check-in as a phone sends it, at once or after it waited; `at` is empty for one that is sent at once. `page` is the
    mark of the page on which it was typed."""

    at = forms.CharField(required=False)
    page = forms.CharField(required=False, max_length=200)

    def clean_at(self) -> datetime | None:
        return None if not self.cleaned_data["at"] else instant(self.cleaned_data["at"])


def sent_json(body: bytes) -> dict[str, Any]:
    """The object that a script sent. Raises `BadRequest` for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("This is no JSON.") from error
    if not isinstance(found, dict):
        raise BadRequest("This is no object.")
    return found


def rows_of(found: dict[str, Any], name: str, most: int) -> list[dict[str, Any]]:
    """The list of objects that stands under `name`. Raises `BadRequest`."""
    rows = found.get(name)
    if not isinstance(rows, list) or len(rows) > most or not all(isinstance(row, dict) for row in rows):
        raise BadRequest("The list is none, or too long.")
    return rows


def tapped_marks(found: dict[str, Any]) -> list[TappedMark]:
    """The marks of a tablet. Raises `BadRequest` for what no tablet sends."""
    marks = []
    for row in rows_of(found, "marks", MARKS_MOST):
        person, status = row.get("person"), row.get("status")
        if not isinstance(person, int) or not 0 < person < 2**63 or status not in AttendanceStatus.values:
            raise BadRequest("A mark names nobody, or no status.")
        marks.append(TappedMark(person, status, instant(row.get("at"))))
    return marks


def instant(text: Any) -> datetime:
    """An aware instant in ISO form. Raises `BadRequest`."""
    try:
        found = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not 2000 <= found.year <= 2200:
        raise BadRequest("This is no instant.")
    return found


def new_key() -> uuid.UUID:
    """A key for a form that has not been sent yet."""
    return uuid.uuid4()
