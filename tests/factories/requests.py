"""Claims, leaves and the files that back them, as they lie in the database."""

from datetime import date, timedelta
from decimal import Decimal

from django.db import transaction

from partyschool.common import clock
from tests.factories.accounts import make_user
from tests.trainees.evidence_samples import upload
from trainees.enums import LeaveApprover, LeaveKind, RecognisedActivity
from trainees.models import CreditClaim, Evidence, LeaveRequest
from trainees.services.evidence import add_evidence


def make_claim(cadre, **fields) -> CreditClaim:
    """A submitted claim for a paper."""
    said = {
        "activity": RecognisedActivity.PAPER_CITY,
        "title": "基层治理调查",
        "host": "市委党校学报",
        "quantity": Decimal(1),
        "earned_on": date(2025, 5, 20),
        "submitted_by": cadre.user or make_user(),
    }
    return CreditClaim.objects.create(cadre=cadre, **{**said, **fields})


def make_leave(enrolment, **fields) -> LeaveRequest:
    """An undecided leave of half a day from tomorrow on."""
    begins = clock.now() + timedelta(days=1)
    said = {
        "kind": LeaveKind.SICK,
        "starts_at": begins,
        "ends_at": begins + timedelta(hours=12),
        "reason": "感冒发烧",
        "half_days": 1,
        "hours": Decimal(4),
        "approver": LeaveApprover.ACADEMIC,
        "asked_by": enrolment.cadre.user or make_user(),
    }
    return LeaveRequest.objects.create(enrolment=enrolment, **{**said, **fields})


def make_evidence(owner, *, name: str = "证明.pdf") -> Evidence:
    """A file of a claim or a leave."""
    by = owner.submitted_by if isinstance(owner, CreditClaim) else owner.asked_by
    with transaction.atomic():
        (kept,) = add_evidence(owner=owner, files=[upload(name=name)], by=by)
    return kept
