"""Ordering the reports and handing them out."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.jobs.services.downloads import hand_out
from trainees.models import ReportPacket
from trainees.services.deliveries import record_receipt
from trainees.services.reports import build_reports

from .organisation import READERS


@policy(Role.STAFF)
@require_POST
def build(request: HttpRequest, year: int) -> HttpResponse:
    """Have the reports of a closed year made, and watch."""
    job = build_reports(year=year, by=request.user)
    return HttpResponseRedirect(reverse("jobs:detail", args=[job.pk]), status=303)


@policy(*READERS)
@require_GET
def packet_file(request: HttpRequest, packet_id: int, part: str) -> HttpResponse:
    """Download the notice, annex or manifest of a packet that the reader may see; for a person of the unit that is the receipt."""
    packets = ReportPacket.objects.visible_to(request.user).select_related("notice", "annex", "manifest")
    packet = get_object_or_404(packets, pk=packet_id)
    file = getattr(packet, part)
    if file is None:
        raise Http404
    answer = hand_out(file=file, by=request.user)
    record_receipt(packet=packet, by=request.user)
    return answer
