"""The locks of whoever moves a line, in the order of docs/locking.md, in one round trip."""

from collections.abc import Iterable

from django.db import connection

from courses.rules import ROUND_LOCKS

CADRE = "SELECT FROM trainees_cadre WHERE id = %(cadre)s FOR NO KEY UPDATE"
ROUNDS = (
    f"SELECT pg_advisory_xact_lock_shared({ROUND_LOCKS}, shared.id::int) FROM ("  # noqa: S608 -- a constant number
    "SELECT DISTINCT selection_round_id AS id FROM courses_offering"
    " WHERE id = ANY(%(offerings)s) AND selection_round_id IS NOT NULL ORDER BY 1) shared"
)
# Rows that refer to the offering are inserted behind its seat row. Who closes or cancels it locks the offering first, and so do we.
OFFERINGS = "SELECT FROM courses_offering WHERE id = ANY(%(offerings)s) ORDER BY id FOR KEY SHARE"
SEATS = "SELECT FROM courses_seatcount WHERE offering_id = ANY(%(offerings)s) ORDER BY offering_id FOR NO KEY UPDATE"
LINE_LOCKS = (CADRE, ROUNDS, OFFERINGS, SEATS)


def lock_line(*, offering_ids: Iterable[int], cadre_id: int | None = None) -> None:
    """Lock the cadre (if any), the rounds (shared), the offerings and their seat rows, each kind by primary key.

    The seat row is the lock of the line: who joins, leaves, is moved, asked, offered a seat or answers holds it.
    Concurrency: call it inside `locking_transaction()`, before anything that the decision rests on is read.
    """
    values = {"cadre": cadre_id, "offerings": sorted(set(offering_ids))}
    wanted = [lock for lock in LINE_LOCKS if cadre_id is not None or lock != CADRE]
    if wanted:
        with connection.cursor() as cursor:
            cursor.execute("; ".join(wanted), values)
