"""The list of those who cannot be rated excellent, on a page and as a workbook."""

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
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
from trainees.exporters.barred import barred_file_name, build_barred
from trainees.selectors.barred import ORDER, barred_lines, barred_results
from trainees.selectors.organisation import closed_years, whole_of
from trainees.selectors.year_states import year_of

READERS = (Role.ORGDEPT, Role.OFFICER, Role.STAFF, Role.LEADER, Role.AUDITOR)


def asked(request: HttpRequest) -> tuple[int, Unit | None]:
    """Year and unit of the address. Raises 404 on nonsense and on units out of scope."""
    found = {}
    for name in ("year", "unit"):
        value = request.GET.get(name, "").strip()
        found[name] = whole_number(value) if value else None
        if value and found[name] is None:
            raise Http404
    years = closed_years()
    within = (
        get_object_or_404(Unit.objects.visible_to(request.user), pk=found["unit"])
        if found["unit"]
        else whole_of(request.user)
    )
    return found["year"] or (years[0] if years else 0), within


@policy(*READERS)
@require_safe
def barred(request: HttpRequest) -> HttpResponse:
    """Everybody who failed the year, with reasons and make-up training, page by page."""
    year, within = asked(request)
    page = keyset_page(
        barred_results(request.user, year=year, within=within),
        order=ORDER,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {
        "page": page,
        "lines": barred_lines(request.user, page, year=year),
        "year": year,
        "years": closed_years(),
        "within": within,
        "held": year_of(year),
    }
    return render(request, "trainees/barred.html", context)


@policy(*READERS)
@require_safe
def barred_file(request: HttpRequest) -> HttpResponseBase:
    """The same list as a workbook; the trail keeps who took how many along."""
    year, within = asked(request)
    rows = list(barred_results(request.user, year=year, within=within))
    lines, held = barred_lines(request.user, rows, year=year), year_of(year)
    content = build_barred(held, lines, now=clock.now())
    record_event(
        action="result.export_barred",
        subject="trainees.yearlyassessment:0",
        by=request.user,
        data={"year": year, "rows": len(rows)},
    )
    return download_bytes(content, name=barred_file_name(year), content_type=XLSX)
