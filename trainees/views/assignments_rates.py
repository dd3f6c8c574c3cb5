"""How units do their duty in organised assignment, and whom nobody has called; both as workbooks, too."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.models import Unit
from partyschool.accounts.policies import policy
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.downloads import download_bytes
from partyschool.common.numbers import whole_number
from partyschool.common.paging import keyset_page
from trainees.exporters.assessment_annex import XLSX
from trainees.exporters.assignments import (
    build_never_called,
    build_rates,
    never_called_file_name,
    rates_file_name,
)
from trainees.forms.assignments import NeverCalledForm, RatesForm
from trainees.selectors.assignments_rates import (
    NEVER_ORDER,
    Rates,
    issued_in,
    never_called,
    rates,
    years_of_assignments,
)
from trainees.selectors.organisation import whole_of

READERS = (Role.ORGDEPT, Role.OFFICER, Role.STAFF, Role.LEADER, Role.AUDITOR)


def _unit(request: HttpRequest) -> Unit | None:
    """The unit asked for, or the top of the reader's scope. Raises 404 for one outside the scope."""
    value = request.GET.get("unit", "").strip()
    if not value:
        return whole_of(request.user)
    number = whole_number(value)
    if number is None:
        raise Http404
    return get_object_or_404(Unit.objects.visible_to(request.user), pk=number)


def _years() -> list[int]:
    present = clock.school_year()
    return sorted({present, *years_of_assignments()}, reverse=True)


def _asked(request: HttpRequest) -> tuple[RatesForm, dict[str, Any], Unit | None]:
    years = _years()
    asked = whole_number(request.GET.get("year", ""))
    year = asked if asked in years else years[0]
    form = RatesForm(request.GET, years=years, classes=issued_in(year), user=request.user)
    return form, {**form.chosen(), "year": year}, _unit(request)


def _figures(request: HttpRequest, chosen: dict[str, Any], within: Unit | None) -> Rates:
    return rates(request.user, year=chosen["year"], assignment_id=chosen["assignment"] or None, within=within)


@policy(*READERS)
@require_safe
def assignment_rates(request: HttpRequest) -> HttpResponse:
    """A year, or one class of it, in figures, unit by unit."""
    form, chosen, within = _asked(request)
    figures = _figures(request, chosen, within)
    context = {
        "filter_form": form,
        "year": chosen["year"],
        "within": within,
        "rates": figures,
        "chart_labels": [line.unit.name for line in figures.lowest],
        "chart_series": [
            {"name": _("Quota filled"), "data": [line.rate.fill_rate for line in figures.lowest]}
        ],
    }
    return render(request, "trainees/assignments/rates.html", context)


@policy(*READERS)
@require_safe
def assignment_rates_file(request: HttpRequest) -> HttpResponseBase:
    """The same figures as a workbook."""
    _form, chosen, within = _asked(request)
    content = build_rates(_figures(request, chosen, within), year=chosen["year"], now=clock.now())
    return download_bytes(content, name=rates_file_name(chosen["year"]), content_type=XLSX)


def _nobody_called(request: HttpRequest) -> tuple[NeverCalledForm, dict[str, Any], Any]:
    form = NeverCalledForm(request.GET, user=request.user)
    chosen, within = form.chosen(), _unit(request)
    people = never_called(
        request.user,
        year=None if chosen["since"] == "ever" else clock.school_year(),
        within=within,
        rank=chosen["rank"],
        name=chosen["name"],
    )
    return form, chosen, people


@policy(*READERS)
@require_safe
def people_never_called(request: HttpRequest) -> HttpResponse:
    """Whom nobody has called to a class, this year or ever, page by page."""
    form, chosen, people = _nobody_called(request)
    page = keyset_page(
        people,
        order=NEVER_ORDER,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "filter_form": form,
        "page": page,
        "ever": chosen["since"] == "ever",
        "year": clock.school_year(),
    }
    return render(request, "trainees/assignments/never_called.html", context)


@policy(*READERS)
@require_safe
def people_never_called_file(request: HttpRequest) -> HttpResponseBase:
    """The whole list as a workbook; the trail keeps who took how many along."""
    _form, chosen, people = _nobody_called(request)
    rows = people.order_by(*NEVER_ORDER)
    content, number = build_never_called(
        rows.iterator(chunk_size=2000), ever=chosen["since"] == "ever", now=clock.now()
    )
    record_event(
        action="never_called.export", subject="trainees.cadre:0", by=request.user, data={"rows": number}
    )
    return download_bytes(content, name=never_called_file_name(), content_type=XLSX)
