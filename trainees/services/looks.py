"""Who looked at whose record: a look is a deed that the audit trail keeps."""

from datetime import datetime

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from trainees.models import Cadre


def record_look(*, cadre: Cadre, year: int, by: User, now: datetime | None = None) -> None:
    """Keep that `by` opened the page of `cadre` with `year` explained. A look at the own record is nobody's business."""
    if cadre.user_id != by.pk:
        record_event(action="cadre.view", subject=cadre, by=by, data={"year": year}, now=now)
