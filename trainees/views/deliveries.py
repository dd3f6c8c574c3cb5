"""The page of a report packet: its files, who has received it, what became of it; and what staff do about it."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from trainees.enums import PacketState
from trainees.forms.deliveries import RedeliveryForm, WithdrawalForm
from trainees.models import ReportPacket
from trainees.selectors.deliveries import deliveries_of, packet_history
from trainees.selectors.packets import PacketLine
from trainees.services.deliveries import record_receipt, redeliver_packet, withdraw_packet

from .organisation import READERS

FILES = ("notice", "annex", "manifest")


def _packet(request: HttpRequest, packet_id: int) -> ReportPacket:
    """The packet with all that its page names. Raises 404 for one outside the reader's scope."""
    packets = ReportPacket.objects.visible_to(request.user).select_related(
        "recipient", "scheme", "issued_by", "withdrawn_by", "superseded_by", "corrects", *FILES
    )
    return get_object_or_404(packets, pk=packet_id)


@policy(*READERS)
@require_safe
def packet(request: HttpRequest, packet_id: int) -> HttpResponse:
    """Files, hashes, deliveries and receipts, history. Opening it is the receipt of a person of the unit."""
    found = _packet(request, packet_id)
    if request.method == "GET":
        record_receipt(packet=found, by=request.user)
    staff = request.user.scope.has(Role.STAFF)
    deliveries = deliveries_of(request.user, found)
    errata = ReportPacket.objects.visible_to(request.user).filter(corrects=found).order_by("issued_at", "pk")
    context: dict[str, Any] = {
        "line": PacketLine(found),
        "successor": PacketLine(found.superseded_by) if found.superseded_by else None,
        "corrected": PacketLine(found.corrects) if found.corrects else None,
        "errata": [PacketLine(one) for one in errata],
        "deliveries": deliveries,
        "history": packet_history(found, deliveries),
        "may_deliver": staff and found.state == PacketState.VALID,
        "may_withdraw": staff and found.state != PacketState.WITHDRAWN,
    }
    return render(request, "trainees/packet.html", context)


@policy(Role.STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def redeliver(request: HttpRequest, packet_id: int) -> HttpResponse:
    """Deliver a packet to a unit above its recipient, or to one that has taken it over."""
    found = _packet(request, packet_id)
    back = _back_to(request, found)
    form = RedeliveryForm(request.POST or None, packet=found)
    if request.method == "POST" and form.is_valid():
        made = redeliver_packet(packet_id=found.pk, by=request.user, **form.cleaned_data)
        messages.success(request, _("Delivered to %(unit)s.") % {"unit": made.unit})
        return HttpResponseRedirect(back, status=303)
    context = {"line": PacketLine(found), "form": form, "back": back}
    return render(request, "trainees/packet_redeliver.html", context)


@policy(Role.STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: HttpRequest, packet_id: int) -> HttpResponse:
    """Take a packet back."""
    found = _packet(request, packet_id)
    back = _back_to(request, found)
    form = WithdrawalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        withdraw_packet(packet_id=found.pk, by=request.user, **form.cleaned_data)
        messages.success(request, _("The document was taken back; its recipients are told."))
        return HttpResponseRedirect(back, status=303)
    context = {"line": PacketLine(found), "form": form, "back": back}
    return render(request, "trainees/packet_withdraw.html", context)


def _back_to(request: HttpRequest, packet: ReportPacket) -> str:
    """The packet's page, to which a refusal leads back as well."""
    back = reverse("trainees:packet", args=[packet.pk])
    request.back_url = back  # type: ignore[attr-defined]  # read where refusals are shown
    return back
