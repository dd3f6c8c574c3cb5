"""Certificates: the own ones, those of a class with what staff do about them, and the file itself."""

import io

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from courses.models import Offering
from partyschool.accounts.enums import Role
from partyschool.accounts.policies import policy
from partyschool.audit.services.events import record_event
from partyschool.common.downloads import download_response
from partyschool.common.paging import keyset_page
from trainees.enums import CertificateState
from trainees.exporters.certificates import PDF, build_certificate, certificate_file_name
from trainees.forms.certificates import RevocationForm
from trainees.models import Certificate
from trainees.selectors.certificates import (
    CLASS_ORDER,
    CertificateLine,
    certified_classes,
    own_certificates,
    places_of,
    unprintable,
)
from trainees.services.certificates import (
    AlreadyRevoked,
    issue_certificates,
    print_certificates,
    revoke_certificate,
)

from .organisation import READERS


@policy(Role.TRAINEE)
@require_safe
def certificates(request: HttpRequest) -> HttpResponse:
    """The reader's own certificates."""
    return render(request, "trainees/certificates.html", {"lines": own_certificates(request.user)})


@policy(*READERS)
@require_safe
def classes(request: HttpRequest) -> HttpResponse:
    """Closed classes that people of the reader's units completed, newest first."""
    page = keyset_page(
        certified_classes(request.user),
        order=CLASS_ORDER,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    return render(request, "trainees/certificate_classes.html", {"page": page})


def _class(request: HttpRequest, class_id: int) -> Offering:
    """A class that the reader sees in the list. Raises 404."""
    return get_object_or_404(certified_classes(request.user), pk=class_id)


@policy(*READERS)
@require_safe
def class_certificates(request: HttpRequest, class_id: int) -> HttpResponse:
    """Who completed the class, with the certificates; staff issue, print and revoke from here."""
    offering = _class(request, class_id)
    lines = places_of(request.user, offering)
    context = {
        "offering": offering,
        "lines": lines,
        "valid": sum(1 for line in lines if line.valid),
        "missing": sum(1 for line in lines if not line.valid),
        "unprintable": [line for line in lines if line.unprintable and not line.valid],
        "title_lacks": unprintable(offering.title),
        "may_issue": request.user.scope.has(Role.STAFF),
    }
    return render(request, "trainees/certificate_class.html", context)


@policy(Role.STAFF)
@require_POST
def issue(request: HttpRequest, class_id: int) -> HttpResponse:
    """Issue what is missing."""
    offering = _class(request, class_id)
    back = reverse("trainees:class_certificates", args=[offering.pk])
    request.back_url = back  # type: ignore[attr-defined]  # read where refusals are shown
    issued = issue_certificates(offering_id=offering.pk, by=request.user)
    number = len(issued.certificates)
    if number:
        text = ngettext("%(number)s certificate was issued.", "%(number)s certificates were issued.", number)
        messages.success(request, text % {"number": number})
    if issued.left_out:
        names = pgettext("between names", ", ").join(
            [place.cadre.name for place, _lacking in issued.left_out]
        )
        text = _("Left out, because no font can print the name: %(names)s.")
        messages.warning(request, text % {"names": names})
    return HttpResponseRedirect(back, status=303)


@policy(Role.STAFF)
@require_POST
def print_class(request: HttpRequest, class_id: int) -> HttpResponse:
    """Have all valid certificates of the class printed into one file, and watch."""
    offering = _class(request, class_id)
    request.back_url = reverse("trainees:class_certificates", args=[offering.pk])  # type: ignore[attr-defined]  # as above
    job = print_certificates(offering_id=offering.pk, by=request.user)
    return HttpResponseRedirect(reverse("jobs:detail", args=[job.pk]), status=303)


@policy(Role.TRAINEE, *READERS)
@require_safe
def certificate_file(request: HttpRequest, certificate_id: int) -> HttpResponseBase:
    """One certificate as PDF, the own one or that of a person in scope, on record. A revoked one is handed out no more."""
    found = get_object_or_404(Certificate.objects.visible_to(request.user), pk=certificate_id)
    if found.state == CertificateState.REVOKED:
        raise AlreadyRevoked(CertificateLine(found).number)
    content = build_certificate(found).content
    if request.method == "GET":
        record_event(action="certificate.download", subject=found, by=request.user)
    return download_response(
        io.BytesIO(content), name=certificate_file_name(found), content_type=PDF, size=len(content)
    )


@policy(Role.STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: HttpRequest, certificate_id: int) -> HttpResponse:
    """Ask for the reason, then revoke."""
    certificates = Certificate.objects.visible_to(request.user).select_related("enrolment")
    found = certificates.filter(pk=certificate_id).first()
    if found is None:
        raise Http404
    back = reverse("trainees:class_certificates", args=[found.enrolment.offering_id])
    request.back_url = back  # type: ignore[attr-defined]  # as above
    if found.state == CertificateState.REVOKED:
        raise AlreadyRevoked(CertificateLine(found).number)
    form = RevocationForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        revoke_certificate(certificate_id=found.pk, by=request.user, **form.cleaned_data)
        messages.success(request, _("The certificate was revoked; its holder is told."))
        return HttpResponseRedirect(back, status=303)
    context = {"line": CertificateLine(found), "form": form, "back": back}
    return render(request, "trainees/certificate_revoke.html", context)
