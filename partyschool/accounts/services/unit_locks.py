"""Whatever changes the unit tree does so alone: a path is worked out from the paths of others."""

from django.db import OperationalError, connection

from partyschool.accounts.models import Unit
from partyschool.common.errors import Busy
from partyschool.common.locking import LOCK_NOT_AVAILABLE, sqlstate

TREE_LOCK = 0x7EE


def lock_tree() -> None:
    """Hold the unit tree until the transaction ends. Raises `Busy` when somebody else holds it for too long.

    Concurrency: an advisory lock. Moving a branch rewrites the paths of all its units from paths read before, and a unit that is put
    below the branch meanwhile would be left behind without the unit above it; locks on rows do not keep new rows away.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TREE_LOCK])
    except OperationalError as error:
        if sqlstate(error) == LOCK_NOT_AVAILABLE:
            raise Busy from error
        raise


def lock_unit_against_people(unit_id: int) -> Unit:
    """The unit, locked so that nobody can be put into it until the transaction ends.

    Raises `Unit.DoesNotExist`. Concurrency: FOR UPDATE, since who is put into a unit holds its row FOR KEY SHARE (foreign key).
    """
    return Unit._base_manager.select_for_update(of=("self",)).get(pk=unit_id)
