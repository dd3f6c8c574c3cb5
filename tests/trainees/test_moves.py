"""The moves that the rules list are the moves that the database allows."""

import pytest
from django.db import connection

from trainees.rules.moves import MOVES

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("table", sorted(MOVES))
def test_database_allows_the_listed_moves(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(tgargs, 'escape') FROM pg_trigger WHERE tgname = %s", [f"{table}_state_moves_tg"]
        )
        ((arguments,),) = cursor.fetchall()
    column, *moves = arguments.rstrip("\\0").split("\\000")
    listed = {f"{before}>{after}" for before, afters in MOVES[table].items() for after in afters}
    assert column == "state"
    assert {move for move in moves if move} == listed
