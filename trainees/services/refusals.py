"""Who was refused a seat is kept, for the desk and for the demand report."""

import logging
from datetime import datetime

from django.db import DatabaseError, InterfaceError

from partyschool.common import clock
from partyschool.common.errors import Denial, Duplicate
from partyschool.common.prepared import PreparedStatement, run_prepared
from trainees.rules.electives import SeatFacts

logger = logging.getLogger(__name__)

_RECORD = PreparedStatement(
    "record_refusal",
    "INSERT INTO trainees_seatrefusal (cadre_id, offering_id, code, at)"
    " VALUES (%(cadre)s, %(offering)s, %(code)s, %(at)s) RETURNING id",
    {"cadre": "bigint", "offering": "bigint", "code": "text", "at": "timestamptz"},
)
# A refusal lost in a crash harms nobody, so nobody waits until it is on the disk. One message is one transaction: it holds for it alone.
_SOON = "SET LOCAL synchronous_commit = off;"


def record_refusal(facts: SeatFacts | None, denial: Denial, *, now: datetime | None = None) -> None:
    """Keep that the cadre of `facts` was refused a seat; a second press of the button is no refusal, a repeated topic is one.

    Call it after the refused transaction has been rolled back. Never raises for the database's sake: the answer to the cadre
    is the denial, and stays it. Concurrency: one round trip in its own transaction; shares the rows of cadre and offering.
    """
    if facts is None or (isinstance(denial, Duplicate) and facts.repeat_year is None):
        return
    values = {
        "cadre": facts.cadre_id,
        "offering": facts.offering_id,
        "code": denial.code,
        "at": now or clock.now(),
    }
    try:
        run_prepared(_RECORD, values=values, first=_SOON)
    except (DatabaseError, InterfaceError):
        logger.warning(
            "a refusal of cadre %s was not kept (offering %s, %s)",
            facts.cadre_id,
            facts.offering_id,
            denial.code,
            exc_info=True,
        )
