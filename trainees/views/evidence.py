from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from partyschool.accounts.policies import policy
from trainees.models import Evidence
from trainees.selectors.evidence import readable_evidence
from trainees.services.evidence import hand_out_evidence


@policy()
@require_safe
def evidence_file(request: HttpRequest, evidence_id: UUID) -> HttpResponseBase:
    """Download one piece of evidence that the reader handed in, or has a part in deciding on."""
    in_scope = Evidence.objects.visible_to(request.user).filter(pk=evidence_id)
    found = readable_evidence(request.user, in_scope)
    if found:
        return hand_out_evidence(evidence=found[0], by=request.user)
    if in_scope.exists():
        raise PermissionDenied
    raise Http404
