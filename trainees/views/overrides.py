"""Rules set aside by staff: read by auditors and the school's leaders as well."""

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.downloads import download_bytes
from partyschool.common.numbers import whole_number
from partyschool.common.paging import keyset_page
from trainees.exporters.assessment_annex import XLSX
from trainees.exporters.overrides import build_overrides, overrides_file_name
from trainees.selectors.overrides import ORDER, overrides_seen_by, rounds_to_choose

READERS = (Role.STAFF, Role.LEADER, Role.AUDITOR)


def _round_id(request: HttpRequest) -> int | None:
    """The round asked for, None for all. Raises 404 on nonsense."""
    value = request.GET.get("round", "").strip()
    if not value:
        return None
    number = whole_number(value)
    if number is None:
        raise Http404
    return number


@policy(*READERS)
@require_safe
def overrides(request: HttpRequest) -> HttpResponse:
    """All rules set aside, newest first, page by page."""
    round_id = _round_id(request)
    page = keyset_page(
        overrides_seen_by(request.user, round_id=round_id),
        order=ORDER,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    context = {"page": page, "rounds": rounds_to_choose(), "round_id": round_id}
    return render(request, "trainees/overrides.html", context)


@policy(*READERS)
@require_safe
def overrides_file(request: HttpRequest) -> HttpResponseBase:
    """The same list as a workbook; the trail keeps who took how many along."""
    rows = list(overrides_seen_by(request.user, round_id=_round_id(request)))
    content = build_overrides(rows, now=clock.now())
    record_event(
        action="override.export", subject="trainees.seatoverride:0", by=request.user, data={"rows": len(rows)}
    )
    return download_bytes(content, name=overrides_file_name(), content_type=XLSX)
