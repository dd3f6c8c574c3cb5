"""A class that meets as the demo begins: its screen shows a code, some have come, and the trainee of the demo can still check in."""

import uuid
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from courses.enums import CourseModule, OfferingKind, OfferingState
from courses.models import Lesson, Offering, Room, SeatCount
from partyschool.accounts.models import User
from partyschool.common import clock
from trainees.enums import EnrolmentOrigin
from trainees.models import Cadre, Enrolment
from trainees.rules.check_ins import slot_of, token_for
from trainees.rules.check_ins_cards import Swipe
from trainees.selectors.check_ins import check_in_figures
from trainees.services.check_ins import check_in_scanned
from trainees.services.check_ins_cards import take_cards

from .history import Chronicle

CODE = "JRKC01"
TITLE = "科级干部依法行政专题研讨班"
LESSON = "行政执法规范与案例研讨"
ROOM = "R02"
PEOPLE, BY_CARD = 24, 12


def open_class_today(chronicle: Chronicle) -> None:
    """Store the class and its lesson, and let people come: by phone those with an account (the first one not), by card others.

    Repeating it changes nothing.
    """
    accounts = [(cadre.user, cadre) for cadre in chronicle.cadres if cadre.user is not None]
    accounts.sort(key=lambda one: one[0].username)
    others = [cadre for cadre in chronicle.cadres if not cadre.user_id]
    others = others[: max(PEOPLE - len(accounts), BY_CARD)]
    offering = Offering.objects.filter(code=CODE).first() or _announce(
        chronicle, [*(one for _user, one in accounts), *others]
    )
    lesson = offering.lessons.get()
    for number, (user, _cadre) in enumerate(accounts[1:]):
        _scan(lesson, user, chronicle.now - timedelta(minutes=2, seconds=9 * number), number)
    swipes = [
        Swipe(row, cadre.code, chronicle.now - timedelta(minutes=4, seconds=13 * row))
        for row, cadre in enumerate(others[:BY_CARD], 2)
    ]
    take_cards(offering_id=offering.pk, swipes=swipes, by=chronicle.by, now=chronicle.now)


def _scan(lesson: Lesson, user: User, at: datetime, number: int) -> None:
    """Scanned and confirmed some seconds later. The second and the third share a phone, which the roll tells."""
    slot = slot_of(at, check_in_figures(at).code_seconds)
    check_in_scanned(
        token=token_for(lesson.pk, slot),
        scanned_at=at,
        sighting_key=uuid.uuid5(uuid.NAMESPACE_OID, f"demo {user.username}"),
        by=user,
        device=f"demo phone {max(number, 1)}",
        now=at + timedelta(seconds=5),
    )


@transaction.atomic
def _announce(chronicle: Chronicle, people: list[Cadre]) -> Offering:
    day = clock.school_date(chronicle.now)
    starts_at = chronicle.now.replace(second=0, microsecond=0) + timedelta(minutes=10)
    ends_at = starts_at + timedelta(hours=3)
    busy = Lesson.objects.filter(starts_at__lt=ends_at, ends_at__gt=starts_at, cancelled_at=None)
    teacher = chronicle.teachers[0]
    room = Room.objects.get(code=ROOM)
    offering = Offering.objects.create(
        code=CODE,
        kind=OfferingKind.SPECIAL_CLASS,
        title=TITLE,
        summary="围绕行政执法中的常见问题开展案例研讨。",
        year=day.year,
        state=OfferingState.PUBLISHED,
        starts_on=day,
        ends_on=day,
        lead_teacher=teacher,
    )
    SeatCount.objects.create(offering=offering, capacity=40)
    Lesson.objects.create(
        offering=offering,
        title=LESSON,
        starts_at=starts_at,
        ends_at=ends_at,
        hours=Decimal(4),
        module=CourseModule.CAPABILITY,
        teacher=None if busy.filter(teacher=teacher).exists() else teacher,
        room=None if busy.filter(room=room).exists() else room,
    )
    Enrolment.objects.bulk_create(
        Enrolment(
            cadre=cadre,
            offering=offering,
            origin=EnrolmentOrigin.STAFF,
            created_at=chronicle.now - timedelta(days=7),
            created_by=chronicle.by,
        )
        for cadre in people
    )
    return offering
