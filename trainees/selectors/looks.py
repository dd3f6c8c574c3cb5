"""Who may read on in a record that was looked up, and who looked whom up."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from partyschool.audit.models import AuditEvent
from partyschool.audit.rules import subject_of
from partyschool.common import clock
from trainees.models import Cadre

LOOK_UP = "cadre.look_up"
# Whatever opens something of one person to somebody else.
LOOKS = (LOOK_UP, "cadre.print_record", "cadre.compare_export", "cadre.view", "cadre.reveal_citizen_no")
# A look-up with its reason opens the record for this long: enough to read, print and compare, too short to be used again next week.
LOOK_LASTS = timedelta(minutes=30)
LOOKS_MOST = 200


def looks_in_force(user: Any, cadres: Iterable[Cadre], *, now: datetime | None = None) -> dict[int, str]:
    """Cadre id → reason of the newest look-up by `user` that still holds. One query."""
    named = {subject_of(cadre): cadre.pk for cadre in cadres}
    events = AuditEvent.objects.filter(
        actor=user, action=LOOK_UP, subject__in=named, at__gt=(now or clock.now()) - LOOK_LASTS
    )
    own = events.unscoped("the reader's own look-ups").order_by("pk").values_list("subject", "data")
    return {named[subject]: data.get("reason", "") for subject, data in own}


def looks_at(user: Any, cadre: Cadre) -> QuerySet[AuditEvent]:
    """Who looked `cadre` up, why and when, newest first; for auditors, to others it is empty."""
    events = AuditEvent.objects.visible_to(user).filter(subject=subject_of(cadre))
    return events.filter(action__in=LOOKS).select_related("actor").order_by("-pk")[:LOOKS_MOST]
