from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from partyschool.accounts.policies import policy
from trainees.models import Evidence
from trainees.selectors.evidence import may_read_evidence
from trainees.services.evidence import hand_out_evidence


@policy()
@require_safe
def evidence_file(request: HttpRequest, evidence_id: UUID) -> HttpResponseBase:
    """Download one piece of evidence that the reader handed in or decides on."""
    in_scope = Evidence.objects.visible_to(request.user).select_related("cadre")
    evidence = get_object_or_404(in_scope, pk=evidence_id)
    if not may_read_evidence(request.user, evidence):
        raise PermissionDenied
    return hand_out_evidence(evidence=evidence, by=request.user)
