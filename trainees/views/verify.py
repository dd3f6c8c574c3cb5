"""Whether a paper or file is what the school issued: open to anybody, without a log-in and without personal data."""

import hashlib

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from partyschool.accounts.policies import policy
from trainees.forms import CheckCodeForm, CheckFileForm
from trainees.models import ReportPacket
from trainees.selectors.certificates import CertificateLine, certificate_by_code
from trainees.selectors.packets import PacketLine, UnknownCode, errata_of, final_after, packet_by_code


@policy(public=True)
@require_safe
def verify_form(request: HttpRequest) -> HttpResponse:
    """Ask for a code and go to its page."""
    form = CheckCodeForm(request.GET if "code" in request.GET else None)
    if form.is_bound and form.is_valid():
        return HttpResponseRedirect(reverse("trainees:verify", args=[form.cleaned_data["code"]]))
    return render(request, "trainees/verify_form.html", {"form": form})


@policy(public=True)
@require_http_methods(["GET", "HEAD", "POST"])
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """What the school issued under a code, and whether an uploaded file is the very one."""
    try:
        packet = packet_by_code(code)
    except UnknownCode as unknown:
        if (certificate := certificate_by_code(code)) is not None:
            return _certificate(request, certificate)
        context = {"denial": unknown, "form": CheckCodeForm(), "typed": code[:40]}
        return render(request, "trainees/verify_unknown.html", context, status=404)
    context = {
        "line": PacketLine(packet),
        "successor": PacketLine(packet.superseded_by) if packet.superseded_by else None,
        "corrected": PacketLine(packet.corrects) if packet.corrects else None,
        "errata": [PacketLine(one) for one in errata_of(packet)],
        "final": PacketLine(final) if (final := final_after(packet)) else None,
        "form": CheckFileForm(),
    }
    if request.method == "POST":
        context["form"] = form = CheckFileForm(request.POST, request.FILES)
        if form.is_valid():
            digest = hashlib.sha256()
            for chunk in form.cleaned_data["file"].chunks():
                digest.update(chunk)
            context["checked"] = True
            context["match"] = _part_of(packet, digest.hexdigest())
    return render(request, "trainees/verify.html", context)


def _certificate(request: HttpRequest, line: CertificateLine) -> HttpResponse:
    """Whether a certificate is valid; there is no file to be compared, so that a form posted here is refused."""
    if request.method == "POST":
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return render(request, "trainees/verify_certificate.html", {"line": line})


def _part_of(packet: ReportPacket, sha256: str) -> str:
    """Which file of the packet has this hash: notice, annex, manifest, or none ("")."""
    for part in ("notice", "annex", "manifest"):
        file = getattr(packet, part)
        if file is not None and file.sha256 == sha256:
            return part
    return ""
