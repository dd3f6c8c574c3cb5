"""A cadre with years behind, for the tests of training records."""

from datetime import date
from decimal import Decimal

from courses.enums import OfferingKind
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from tests.factories.accounts import make_user
from tests.factories.courses import OfferingFactory
from tests.factories.trainees import CreditEntryFactory, EnrolmentFactory
from trainees.enums import CreditCategory, RecognisedActivity
from trainees.models import CreditClaim, YearlyAssessment

REASON = "拟任职考察"


def lived(cadre, staff, scheme):
    """A cadre with a closed class, an outside training, a claim and a result."""
    long_class = OfferingFactory(
        kind=OfferingKind.MAIN_CLASS,
        title="中青年干部培训班",
        off_job=True,
        starts_on=date(2025, 3, 3),
        ends_on=date(2025, 5, 9),
    )
    place = EnrolmentFactory(cadre=cadre, offering=long_class, created_by=staff)
    CreditEntryFactory(
        cadre=cadre,
        scheme=scheme,
        posted_by=staff,
        offering=long_class,
        hours=Decimal(120),
        amount=Decimal(120),
    )
    outside = OfferingFactory(kind=OfferingKind.OUTSIDE, title="浙江大学专题培训", off_job=True)
    EnrolmentFactory(cadre=cadre, offering=outside, created_by=staff)
    CreditEntryFactory(
        cadre=cadre, scheme=scheme, posted_by=staff, category=CreditCategory.ONLINE, hours=Decimal(40)
    )
    entry = CreditEntryFactory(
        cadre=cadre, scheme=scheme, posted_by=staff, category=CreditCategory.OTHER, hours=0, amount=Decimal(5)
    )
    CreditClaim.objects.create(
        cadre=cadre,
        activity=RecognisedActivity.PAPER_CITY,
        title="乡村振兴调研",
        quantity=1,
        earned_on=date(2025, 6, 2),
        state="approved",
        submitted_by=make_user(),
        decided_by=staff,
        decided_at=clock.now(),
        entry=entry,
    )
    YearlyAssessment.objects.create(
        cadre=cadre,
        year=2025,
        unit=cadre.unit,
        rank=cadre.rank,
        scheme=scheme,
        earned=133,
        counted=133,
        needed=90,
        breakdown={},
        reasons=[],
        result="pass",
        grade="excellent",
        bars_excellent=False,
        closed_by=staff,
    )
    return place


def looks(action="cadre.look_up"):
    events = AuditEvent.objects.filter(action=action).unscoped("tests").order_by("pk")
    return [(event.actor_id, event.subject, event.data) for event in events]
