"""The standards board and the records behind each figure."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common import clock
from partyschool.common.errors import NotFound
from partyschool.common.numbers import whole_number
from partyschool.standards.selectors.board import indicator_of, standings, years_with_targets

READERS = (Role.LEADER, Role.STAFF, Role.AUDITOR)


def _year(request: HttpRequest, years: list[int]) -> int:
    """The year asked for, else the present one where it has targets, else the newest that has."""
    asked = request.GET.get("year", "")
    if asked:
        number = whole_number(asked)
        if number not in years:
            raise NotFound(_("There are no targets for %(year)s.") % {"year": asked[:10]})
        return number
    present = clock.school_year()
    return present if present in years or not years else years[0]


@policy(*READERS)
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """Targets, actuals, status; as a table and as a picture."""
    years = years_with_targets()
    year = _year(request, years)
    found = standings(year=year, user=request.user)
    reached = sum(standing.reached for standing in found)
    context = {
        "year": year,
        "years": years,
        "standings": found,
        "reached": reached,
        "missing": len(found) - reached,
        "is_present": year == clock.school_year(),
        "labels": [standing.indicator.label for standing in found],
        "series": [{"name": _("Attainment"), "data": [standing.percent for standing in found]}],
    }
    return render(request, "standards/board.html", context)


@policy(*READERS)
@require_safe
def records(request: HttpRequest, indicator: str) -> HttpResponse:
    """The records behind one figure of one year."""
    one = indicator_of(indicator)
    year = _year(request, years_with_targets())
    context = {
        "year": year,
        "indicator": one,
        "records": one.records(year, request.user, clock.school_date()),
    }
    return render(request, "standards/records.html", context)
