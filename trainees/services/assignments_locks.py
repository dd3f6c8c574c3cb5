"""The locks of organised assignment, in one order: cadre → rounds → offering → seat row → assignment → nomination → deferral.

The assignment's row is the lock of its quotas and nominations: whoever nominates, decides, substitutes or changes deadlines holds it.
What moves a place takes the cadre and the seats before, as every other move of places does.
"""

from django.utils.translation import gettext as _

from partyschool.common.errors import NotFound
from partyschool.common.locking import lock_row
from partyschool.common.prepared import run_prepared
from trainees.models import Assignment, Nomination
from trainees.rules.assignments import Deadlines

from .enrolments import LOCK_CADRE
from .moving import MOVE_LOCKS


def no_assignment() -> NotFound:
    """What somebody reads who asks for what is not there, or out of scope."""
    return NotFound(_("There is no such assignment within your scope."))


def no_nomination() -> NotFound:
    """As `no_assignment`, of a nomination."""
    return NotFound(_("There is no such nomination within your scope."))


def lock_cadre(cadre_id: int) -> None:
    """Lock a person. Concurrency: inside `locking_transaction()`, first."""
    run_prepared(LOCK_CADRE, values={"cadre": cadre_id})


def lock_places(cadre_ids: list[int], offering_id: int) -> None:
    """Lock people by key, then the class and its seats. Concurrency: inside `locking_transaction()`, first."""
    for cadre_id in sorted(cadre_ids)[:-1]:
        run_prepared(LOCK_CADRE, values={"cadre": cadre_id})
    run_prepared(*MOVE_LOCKS, values={"cadre": max(cadre_ids), "offerings": [offering_id]})


def lock_assignment(assignment_id: int) -> Assignment:
    """The assignment, locked and freshly read, with its class. Raises `NotFound`. Concurrency: after `lock_places`."""
    try:
        found = lock_row(Assignment, assignment_id)
    except Assignment.DoesNotExist as error:
        raise no_assignment() from error
    return found


def reread(nomination_id: int) -> Nomination:
    """The nomination as it is behind the assignment's lock; its scope was asked before."""
    found = Nomination.objects.unscoped("read in scope before the lock").select_related(
        "cadre__user", "cadre__unit", "quota__unit", "nominated_by"
    )
    return found.get(pk=nomination_id)


def deadlines_of(assignment: Assignment) -> Deadlines:
    """What the rules of deadlines ask for."""
    return Deadlines(
        assignment.offering.title,
        assignment.state,
        assignment.nominate_by,
        assignment.confirm_by,
        assignment.substitutes_until,
    )
