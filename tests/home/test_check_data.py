"""Each rule is broken by hand, with the database's own guards switched off, and the line that tells of it is seen."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, connection

from partyschool.common.data_checks import expected_triggers
from partyschool.common.integrity import all_checks, faults_of
from tests.factories.budget import BudgetLineFactory
from tests.factories.courses import OfferingFactory
from tests.home.breaks import BREAKS
from tests.home.whole_world import World, later_packet, sql


def faults(name: str) -> list[str]:
    return list(all_checks()[name]())


@pytest.fixture
def world(db, settings, tmp_path) -> World:
    settings.MEDIA_ROOT = tmp_path
    return World()


def test_packet_superseded_and_then_taken_back_is_no_fault(world):
    sql(
        "UPDATE trainees_reportpacket SET state = 'withdrawn', superseded_by_id = %s, withdrawn_at = now(),"
        " withdrawn_by_id = issued_by_id, withdrawal_reason = 'x' WHERE id = %s",
        later_packet(world).pk,
        world.packet.pk,
    )
    assert faults("trainees.packets") == []


def test_whole_data_have_no_faults(world):
    assert {name: faults(name) for name in all_checks()} == {name: [] for name in all_checks()}


@pytest.mark.parametrize("case", BREAKS)
def test_broken_rule_is_told(world, case):
    name, break_it, line = BREAKS[case]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    break_it(world)
    assert [fault for fault in faults(name) if line in fault]


def test_every_trigger_of_the_ledgers_is_watched():
    ledgers = ("trainees_creditentry", "faculty_teachingentry", "budget_ledgerentry")
    wanted = {
        f"{table}_{rule}_tg" for table in ledgers for rule in ("append_only", "keep_whole", "true_reversal")
    }
    wanted |= {
        "audit_auditevent_append_only_tg",
        "trainees_attendancemark_append_only_tg",
        "trainees_enrolment_move_seats_tg",
    }
    assert wanted <= expected_triggers()


@pytest.mark.django_db(transaction=True)
def test_command_is_silent_when_all_is_well():
    out = StringIO()
    call_command("check_data", stdout=out)
    assert out.getvalue() == ""


@pytest.mark.django_db(transaction=True)
def test_command_prints_each_fault_up_to_the_most_and_fails():
    for _number in range(3):
        OfferingFactory()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE courses_seatcount SET taken = 3")
    out = StringIO()
    with pytest.raises(CommandError, match="3 faults"):
        call_command("check_data", "--most=2", "--only", "trainees.seats", stdout=out)
    lines = out.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("trainees.seats: courses.Offering ")
    assert lines[2] == "trainees.seats: 1 more"


@pytest.mark.django_db(transaction=True)
def test_checks_cannot_change_what_they_check():
    def meddle():
        BudgetLineFactory()
        yield "never reached"

    with pytest.raises(InternalError, match="read-only"):
        list(faults_of(meddle))


def test_unknown_check_is_refused(db):
    with pytest.raises(CommandError, match="No such check: nonsense"):
        call_command("check_data", "--only", "nonsense")
