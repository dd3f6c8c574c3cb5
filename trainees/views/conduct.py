"""Conduct as the class teacher enters it, class by class, and as those responsible for the cadres read it once it is released."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common.errors import DomainError, NotFound
from partyschool.common.numbers import whole_number
from partyschool.common.paging import keyset_page
from trainees.enums import ConductDimension, ConductGrade, ConductState
from trainees.forms import ConductFilterForm
from trainees.models import ConductSheet
from trainees.rules.conduct import Marking
from trainees.selectors.conduct import (
    GRADE_TONES,
    RELEASED_ORDER,
    STATE_TONES,
    Sheet,
    SheetRow,
    released_scores,
    sheet_of,
    sheets_of_teacher,
    years_released,
)
from trainees.services.conduct import Entry, fill_scores, save_scores, submit_sheet
from trainees.services.conduct_sheets import ScoreOutOfRange

from .organisation import READERS

PROPOSED = "attendance"


def _entered(data: Mapping[str, str], enrolment_id: int) -> dict[str, str]:
    """What the form says of one person: `<dimension>`, `comment` and `seen`, as far as it says anything."""
    names = (*ConductDimension.values, "comment", "seen")
    fields = {name: data.get(f"{name}-{enrolment_id}") for name in names}
    return {name: value.strip() for name, value in fields.items() if value is not None}


def _entry(entered: Mapping[str, str], marking: Marking) -> Entry:
    """Raises `ScoreOutOfRange` for what is no number."""
    scores: dict[str, int | None] = {}
    for dimension in marking.used:
        text = entered.get(dimension.value, "")
        number = whole_number(text)
        if text and number is None:
            raise ScoreOutOfRange(_("“%(text)s” is not a score.") % {"text": text[:20]})
        scores[dimension.value] = number
    return Entry(scores, entered.get("comment", ""), entered.get("seen"))


def _people(data: Mapping[str, str]) -> list[int]:
    numbers = (whole_number(name.removeprefix("seen-")) for name in data if name.startswith("seen-"))
    return [number for number in numbers if number is not None]


def _own(request: HttpRequest, sheet_id: int) -> ConductSheet:
    return get_object_or_404(sheets_of_teacher(request.user), pk=sheet_id)


def _lines(sheet: Sheet, entered: Mapping[int, Mapping[str, str]]) -> list[dict[str, Any]]:
    """The rows of the grid with what stands in their fields: what was entered and not saved, else what is stored."""
    return [_line(row, entered.get(row.enrolment.pk, {})) for row in sheet.rows]


def _line(row: SheetRow, entered: Mapping[str, str]) -> dict[str, Any]:
    cells = [
        (
            f"{cell.dimension.value}-{row.enrolment.pk}",
            cell.dimension.label,
            entered.get(cell.dimension.value, "" if cell.score is None else str(cell.score)),
        )
        for cell in row.cells
    ]
    return {"row": row, "cells": cells, "comment": entered.get("comment", row.comment)}


def _page(
    request: HttpRequest,
    found: ConductSheet,
    *,
    entered: Mapping[int, Mapping[str, str]] | None = None,
    refusal: DomainError | None = None,
) -> HttpResponse:
    sheet = sheet_of(found, request.user, with_changes=found.state != ConductState.OPEN)
    context = {
        "sheet": sheet,
        "lines": _lines(sheet, entered or {}),
        "may_score": found.state == ConductState.OPEN,
        "state_tone": STATE_TONES[ConductState(found.state)],
        "refusal": refusal,
    }
    return render(request, "trainees/conduct_sheet.html", context, status=409 if refusal else 200)


@policy(Role.TEACHER)
@require_safe
def conduct(request: HttpRequest) -> HttpResponse:
    """The classes that the reader leads, and how far the assessment of their conduct has come."""
    sheets = [(sheet, STATE_TONES[ConductState(sheet.state)]) for sheet in sheets_of_teacher(request.user)]
    return render(request, "trainees/conduct.html", {"sheets": sheets})


@policy(Role.TEACHER)
@require_http_methods(["GET", "HEAD", "POST"])
def conduct_sheet(request: HttpRequest, sheet_id: int) -> HttpResponse:
    """The grid of one class. Posted, all of it is saved at once; what is refused comes back with everything that was entered."""
    found = _own(request, sheet_id)
    if request.method != "POST":
        return _page(request, found)
    entered = {pk: _entered(request.POST, pk) for pk in _people(request.POST)}
    marking = Marking.of(found.weights)
    try:
        entries = {pk: _entry(fields, marking) for pk, fields in entered.items()}
        changed = save_scores(sheet_id=found.pk, entries=entries, by=request.user)
    except NotFound:
        raise
    except DomainError as refusal:
        return _page(request, _own(request, sheet_id), entered=entered, refusal=refusal)
    text = ngettext(
        "Saved: the scores of %(number)s person are new or changed.",
        "Saved: the scores of %(number)s people are new or changed.",
        changed,
    )
    messages.success(request, text % {"number": changed})
    return HttpResponseRedirect(reverse("trainees:conduct_sheet", args=[found.pk]), status=303)


@policy(Role.TEACHER)
@require_POST
def conduct_place(request: HttpRequest, sheet_id: int, enrolment_id: int) -> HttpResponse:
    """Save one person's scores at once while the grid is being filled in; answers with that row's last column."""
    found = _own(request, sheet_id)
    marking = Marking.of(found.weights)
    refusal: DomainError | None = None
    try:
        entry = _entry(_entered(request.POST, enrolment_id), marking)
        save_scores(sheet_id=found.pk, entries={enrolment_id: entry}, by=request.user)
    except NotFound:
        raise
    except DomainError as error:
        refusal = error
    sheet = sheet_of(found, request.user)
    row = next((one for one in sheet.rows if one.enrolment.pk == enrolment_id), None)
    context = {"row": row, "refusal": refusal, "saved": refusal is None, "sheet": sheet, "answering": True}
    return render(request, "trainees/_conduct_saved.html", context, status=409 if refusal else 200)


@policy(Role.TEACHER)
@require_POST
def conduct_fill(request: HttpRequest, sheet_id: int) -> HttpResponse:
    """Fill in one dimension for everybody who has no score there yet."""
    found = _own(request, sheet_id)
    request.back_url = reverse("trainees:conduct_sheet", args=[found.pk])  # type: ignore[attr-defined]  # read by the refusal's page
    source, dimension = request.POST.get("source", ""), request.POST.get("dimension", "")
    if source == PROPOSED:
        dimension, value = ConductDimension.ATTITUDE.value, None
    else:
        value = whole_number(request.POST.get("value", "").strip())
        if value is None:
            raise ScoreOutOfRange(_("Enter the score that is to be filled in."))
    filled = fill_scores(sheet_id=found.pk, dimension=dimension, value=value, by=request.user)
    text = ngettext(
        "Filled in for %(number)s person; scores that stood there were left alone.",
        "Filled in for %(number)s people; scores that stood there were left alone.",
        filled,
    )
    messages.success(request, text % {"number": filled})
    return HttpResponseRedirect(reverse("trainees:conduct_sheet", args=[found.pk]), status=303)


@policy(Role.TEACHER)
@require_POST
def conduct_submit(request: HttpRequest, sheet_id: int) -> HttpResponse:
    """Hand the sheet over to the academic affairs office."""
    found = _own(request, sheet_id)
    request.back_url = reverse("trainees:conduct_sheet", args=[found.pk])  # type: ignore[attr-defined]  # read by the refusal's page
    submit_sheet(sheet_id=found.pk, by=request.user)
    messages.success(
        request, _("Submitted. The academic affairs office moderates the scores and releases them.")
    )
    return HttpResponseRedirect(reverse("trainees:conduct_sheet", args=[found.pk]), status=303)


@policy(*READERS)
@require_safe
def conduct_results(request: HttpRequest) -> HttpResponse:
    """Released conduct of the cadres in the reader's scope, newest first, filtered, page by page."""
    form = ConductFilterForm(request.GET, years=years_released())
    chosen = form.chosen()
    page = keyset_page(
        released_scores(request.user, **chosen),
        order=RELEASED_ORDER,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    lines = [(score, GRADE_TONES[ConductGrade(score.grade)]) for score in page]
    return render(
        request, "trainees/conduct_results.html", {"filter_form": form, "page": page, "lines": lines}
    )
