"""Past years beside each other, within what the reader is responsible for."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partyschool.accounts.policies import policy
from partyschool.common.numbers import whole_number
from trainees.selectors.organisation import whole_of
from trainees.selectors.years_compared import (
    COMPARED,
    COMPARED_MOST,
    YearsCompared,
    compare_years,
    sealed_years,
)
from trainees.services.credit_report import READERS

from .organisation import asked_unit


def _chosen(request: HttpRequest, sealed: list[int]) -> list[int]:
    """The sealed years that were asked for, the newest ones if none was. Raises 404 on nonsense."""
    asked = [whole_number(text) for text in request.GET.getlist("years") if text]
    if None in asked:
        raise Http404
    return [year for year in sealed if year in asked][:COMPARED_MOST] or sealed[:COMPARED]


@policy(*READERS)
@require_safe
def years(request: HttpRequest) -> HttpResponse:
    """Pass rates and credits of the chosen years, everybody together and unit by unit."""
    within = asked_unit(request)
    sealed = sealed_years()
    chosen = _chosen(request, sealed)
    found = compare_years(request.user, years=chosen, within=within)
    context = {
        "sealed": sealed,
        "chosen_years": chosen,
        "most": COMPARED_MOST,
        "within": within,
        "top": whole_of(request.user),
        "found": found,
        **_charts(found),
    }
    return render(request, "trainees/organisation_years.html", context)


def _charts(found: YearsCompared) -> dict[str, Any]:
    """The numbers of the tables once more, as charts want them."""
    return {
        "trend_labels": list(found.years),
        "rate_series": [{"name": _("Pass rate"), "data": [cell.figures.rate for cell in found.whole]}],
        "unit_labels": [line.unit.name for line in found.drawn],
        "unit_series": [
            {"name": str(year), "data": [line.rates[index] for line in found.drawn]}
            for index, year in enumerate(found.years)
        ],
    }
