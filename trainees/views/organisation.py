"""How a year went in the reader's units, and one person of them."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.models import Unit
from partyschool.accounts.policies import policy
from partyschool.common.numbers import whole_number
from trainees.selectors.glyphs import texts_to_tell
from trainees.selectors.organisation import closed_years, overview, person_record, warning_list, whole_of
from trainees.selectors.packets import packets_of_year
from trainees.selectors.year_file import year_file
from trainees.selectors.year_states import takes_objections, year_of
from trainees.services.credit_report import READERS
from trainees.services.looks import record_look


def _number(request: HttpRequest, name: str) -> int | None:
    """A whole number from the address, None where there is none. Raises 404 on nonsense."""
    value = request.GET.get(name, "").strip()
    if not value:
        return None
    number = whole_number(value)
    if number is None:
        raise Http404
    return number


def asked_unit(request: HttpRequest) -> Unit | None:
    """The unit asked for, or the top of the reader's scope. Raises 404 for a unit outside the scope."""
    chosen = _number(request, "unit")
    if chosen is None:
        return whole_of(request.user)
    return get_object_or_404(Unit.objects.visible_to(request.user), pk=chosen)


@policy(*READERS)
@require_safe
def organisation(request: HttpRequest) -> HttpResponse:
    """A closed year in figures: results by unit, who cannot be rated excellent, the report packets."""
    years = closed_years()
    year = _number(request, "year") or (years[0] if years else None)
    within = asked_unit(request)
    context: dict[str, Any] = {
        "years": years,
        "year": year,
        "within": within,
        "chosen": "unit" in request.GET,
    }
    if year in years:
        figures = overview(request.user, year=year, within=within)
        held = year_of(year)
        context |= {
            "overview": figures,
            "held": held,
            "taking": takes_objections(held),
            "warnings": warning_list(request.user, year=year, within=within),
            "packets": packets_of_year(request.user, year=year),
            "chart_labels": [line.unit.name for line in figures.lowest],
            "chart_series": [
                {"name": _("Pass rate"), "data": [line.tally.pass_rate for line in figures.lowest]}
            ],
            "behind_labels": [line.unit.name for line in figures.furthest_behind],
            "behind_series": [
                {
                    "name": _("Class-hours done per head"),
                    "data": [line.hours.done_a_head for line in figures.furthest_behind],
                },
                {
                    "name": _("Planned per head"),
                    "data": [line.hours.planned_a_head for line in figures.furthest_behind],
                },
            ],
        }
    context["may_build"] = request.user.scope.has(Role.STAFF)
    context["unprintable"] = texts_to_tell() if context["may_build"] else []
    context["awaits_packet"] = request.user.scope.has(Role.ORGDEPT)
    return render(request, "trainees/organisation.html", context)


@policy(*READERS)
@require_safe
def cadre(request: HttpRequest, cadre_id: int) -> HttpResponse:
    """One cadre: the results of the years, and where every credit of one year comes from."""
    record = person_record(request.user, cadre_id=cadre_id, year=_number(request, "year"))
    if record is None:
        raise Http404
    record_look(cadre=record.cadre, year=record.year, by=request.user)
    file = year_file(request.user, cadre=record.cadre, year=record.year, assessment=record.stored)
    return render(request, "trainees/person.html", {"record": record, "file": file})
