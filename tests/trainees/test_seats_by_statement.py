"""Many places by one statement: the seat row is moved once, by what it says, or the statement fails as a whole."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from courses.models import SeatCount, SeatReservation
from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.integrity import all_checks
from partyschool.common.locking import violated_constraint
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import OfferingFactory
from tests.factories.trainees import CadreFactory
from tests.trainees.lines import Line
from trainees.models import Enrolment, WaitingEntry

pytestmark = pytest.mark.django_db

ENROL = """INSERT INTO trainees_enrolment (cadre_id, offering_id, state, origin, created_at, created_by_id, reason)
           SELECT cadre, offering, %s, 'staff', %s, %s, '' FROM unnest(%s::bigint[], %s::bigint[]) AS given (cadre, offering)"""
WITHDRAW = "UPDATE trainees_enrolment SET state = 'withdrawn', ended_at = now(), ended_by_id = created_by_id, reason = 'x'"
WRITTEN = "SELECT pg_stat_get_xact_tuples_updated('courses_seatcount'::regclass)"


class Places:
    """People, and places given to them by raw SQL."""

    def __init__(self, people: int = 6) -> None:
        unit, self.staff = make_unit(), make_user(Role.STAFF)
        self.people = [CadreFactory(unit=unit).pk for _each in range(people)]

    def enrol(self, *places: tuple[int, Any], state: str = "enrolled") -> None:
        cadres, offerings = [cadre for cadre, _o in places], [offering.pk for _c, offering in places]
        run(ENROL, [state, clock.now(), self.staff.pk, cadres, offerings])


def run(sql: str, values: Any = None) -> Any:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else None


def refused(sql: str, values: Any = None) -> str | None:
    with pytest.raises(IntegrityError) as error:
        run(sql, values)
    return violated_constraint(error.value)


def taken(offering: Any) -> tuple[int, int]:
    seats = SeatCount.objects.get(pk=offering.pk)
    return seats.taken, seats.reserved_taken


def faults() -> list[str]:
    return [fault for name in ("trainees.seats", "trainees.reserved_seats") for fault in all_checks()[name]()]


def test_one_statement_counts_the_places_of_each_offering():
    places, first, second = Places(), OfferingFactory(), OfferingFactory()
    one, two, three, *_others = places.people
    places.enrol((one, second), (two, first), (three, second), (one, first), (two, second))
    assert (taken(first), taken(second)) == ((2, 0), (3, 0))
    assert faults() == []


def test_one_statement_writes_the_seat_row_once():
    places, topic = Places(people=20), OfferingFactory()
    ((before,),) = run(WRITTEN)
    places.enrol(*[(cadre, topic) for cadre in places.people])
    ((between,),) = run(WRITTEN)
    run(WITHDRAW)
    ((after,),) = run(WRITTEN)
    assert (between - before, after - between) == (1, 1)
    assert taken(topic) == (0, 0)


def test_a_statement_that_asks_for_a_seat_too_many_gives_none():
    places, roomy, small = Places(), OfferingFactory(), OfferingFactory(capacity=2)
    wanted = [(cadre, topic) for topic in (roomy, small) for cadre in places.people[:3]]
    cadres, offerings = [cadre for cadre, _o in wanted], [offering.pk for _c, offering in wanted]
    values = ["enrolled", clock.now(), places.staff.pk, cadres, offerings]
    assert refused(ENROL, values) == "courses_seatcount_taken_ck"
    assert (taken(roomy), taken(small)) == ((0, 0), (0, 0))
    assert not Enrolment.objects.unscoped("test").exists()


def test_reserved_seats_are_counted_with_the_places_that_sit_on_them():
    places, topic = Places(), OfferingFactory(capacity=5)
    SeatReservation.objects.create(offering=topic, name="group", seats=2)
    places.enrol(*[(cadre, topic) for cadre in places.people[:4]])
    assert taken(topic) == (4, 2)
    run(WITHDRAW + " WHERE reservation_id IS NOT NULL")
    assert taken(topic) == (2, 0)
    assert faults() == []


def test_one_statement_that_gives_and_takes_counts_the_difference():
    places, topic = Places(), OfferingFactory(capacity=3)
    places.enrol(*[(cadre, topic) for cadre in places.people[:2]], state="held")
    places.enrol((places.people[2], topic))
    run(
        "UPDATE trainees_enrolment SET state = CASE state WHEN 'held' THEN 'enrolled' ELSE 'withdrawn' END,"
        " ended_at = CASE state WHEN 'held' THEN NULL ELSE now() END,"
        " ended_by_id = CASE state WHEN 'held' THEN NULL ELSE created_by_id END"
    )
    assert taken(topic) == (2, 0)
    assert faults() == []


def test_seats_of_a_closed_offering_do_not_move_by_any_statement():
    places, topic = Places(), OfferingFactory()
    places.enrol((places.people[0], topic))
    run("UPDATE courses_seatcount SET frozen = true WHERE offering_id = %s", [topic.pk])
    values = ["enrolled", clock.now(), places.staff.pk, places.people[1:3], [topic.pk] * 2]
    assert refused(ENROL, values) == "trainees_enrolment_frozen_tg"
    assert refused(WITHDRAW) == "trainees_enrolment_frozen_tg"
    run("UPDATE trainees_enrolment SET state = 'completed', ended_at = now(), ended_by_id = created_by_id")
    assert taken(topic) == (1, 0)


@pytest.mark.parametrize("column", ["id", "cadre_id", "offering_id"])
def test_an_enrolment_keeps_whose_and_what_it_is(column):
    places, topic, other = Places(), OfferingFactory(), OfferingFactory()
    places.enrol((places.people[0], topic))
    another = {"id": 10**9, "cadre_id": places.people[1], "offering_id": other.pk}[column]
    assert refused(f"UPDATE trainees_enrolment SET {column} = %s", [another]) == "trainees_enrolment_kept_tg"


def test_all_whom_one_statement_enrols_leave_the_line():
    line, places = Line(), Places()
    line.join()
    run("UPDATE courses_seatcount SET capacity = 3 WHERE offering_id = %s", [line.topic.pk])
    places.enrol(*[(cadre.pk, line.topic) for cadre in line.people[:2]])
    assert line.states() == ["accepted", "accepted", "waiting"]
    given = WaitingEntry.objects.filter(state="accepted").unscoped("test").select_related("enrolment")
    assert [entry.enrolment.cadre_id for entry in given] == [entry.cadre_id for entry in given]
