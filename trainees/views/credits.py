from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.common import clock
from partyschool.common.errors import NotFound
from partyschool.common.numbers import whole_number
from trainees.enums import EnrolmentState
from trainees.models import Cadre, Enrolment
from trainees.selectors.credits import (
    YearAccount,
    chart_of,
    cycle_of,
    explain_year,
    years_of,
)
from trainees.selectors.credits_attendance import explain_attendance
from trainees.selectors.year_file import year_file

MIN_YEARS = 2


@policy(Role.TRAINEE)
@require_safe
def credits_page(request: HttpRequest) -> HttpResponse:
    """The reader's own year: total, categories, entries and result, each with its why. `?year=` picks the year."""
    cadre = Cadre.objects.visible_to(request.user).filter(user=request.user).first()
    if cadre is None:
        return render(request, "trainees/credits_nobody.html")
    this_year = clock.school_year()
    known = years_of(cadre)
    years = sorted({*known, this_year}, reverse=True)
    # Early in a year there is nothing to see yet; the last year with something in it says more.
    year = this_year if this_year in known or not known else known[0]
    if asked := request.GET.get("year"):
        number = whole_number(asked)
        if number not in years:
            raise NotFound(_("You have no credits in the year “%(year)s”.") % {"year": asked[:10]})
        year = number
    account = explain_year(cadre, year)
    context = {
        "account": account,
        "file": year_file(request.user, cadre=cadre, year=year, assessment=account.assessment),
        "year": year,
        "years": years,
        "this_year": this_year,
        "cycle": cycle_of(cadre),
        **_chart(cadre, account),
    }
    return render(request, "trainees/credits.html", context)


def _chart(cadre: Cadre, account: YearAccount) -> dict[str, Any]:
    """The years beside each other, once there are two."""
    found = chart_of(cadre, account)
    if len(found.years) < MIN_YEARS:
        return {}
    return {
        "chart_labels": found.years,
        "chart_series": [
            {"name": _("Credits counted"), "data": found.counted},
            {"name": _("Credits needed"), "data": found.needed},
        ],
    }


@policy(Role.TRAINEE)
@require_safe
def offering_attendance(request: HttpRequest, offering_id: int) -> HttpResponse:
    """What was seen of the reader at each lesson of one offering, and the credits that came of it."""
    places = Enrolment.objects.visible_to(request.user).filter(cadre__user=request.user, offering=offering_id)
    seated = places.exclude(state=EnrolmentState.WITHDRAWN).select_related("offering")
    return render(
        request, "trainees/credits_offering.html", {"account": explain_attendance(get_object_or_404(seated))}
    )
