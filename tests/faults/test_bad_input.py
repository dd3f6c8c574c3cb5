"""What people do in good faith and at the wrong moment: press twice, keep two tabs, come too late, mistype. Told plainly, nothing lost."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse

from courses.enums import RoundState
from courses.models import SeatCount
from courses.services.rounds import close_round
from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.admin.clients import logged_in
from tests.factories.accounts import make_user
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import EnrolmentFactory, make_scheme, make_trainee
from trainees.models import Enrolment

pytestmark = [pytest.mark.django_db, pytest.mark.faults]
HTMX = {"HX-Request": "true"}


def topic(**fields):
    return OfferingFactory(selection_round=SelectionRoundFactory(), **fields)


def places(cadre) -> list[str]:
    return list(Enrolment.objects.unscoped("tests").filter(cadre=cadre).values_list("state", flat=True))


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "in place"])
def test_second_press_is_told_that_the_place_is_kept(headers):
    cadre, chosen = make_trainee(), topic()
    client, press = logged_in(cadre.user), reverse("trainees:select", args=[chosen.pk])
    assert client.post(press, headers=headers).status_code == 303
    again = client.post(press, headers=headers)
    assert again.status_code == 409
    assert "名额已保留，无需重复操作。" in again.content.decode()
    assert places(cadre) == ["enrolled"]


@pytest.mark.parametrize("headers", [{}, HTMX], ids=["page", "in place"])
def test_round_closed_between_page_and_press(headers):
    cadre, chosen = make_trainee(), topic(title="一堂专题")
    client = logged_in(cadre.user)
    assert "一堂专题" in client.get(reverse("trainees:electives")).content.decode()
    close_round(round_id=chosen.selection_round_id, by=make_user(Role.STAFF))
    late = client.post(reverse("trainees:select", args=[chosen.pk]), headers=headers)
    assert late.status_code == 409
    assert f"“{chosen.selection_round.name}”已由学校提前关闭。" in late.content.decode()
    assert places(cadre) == []
    chosen.selection_round.refresh_from_db()
    assert chosen.selection_round.state == RoundState.CLOSED


def test_time_over_between_page_and_press():
    cadre, chosen = make_trainee(), topic()
    client = logged_in(cadre.user)
    client.get(reverse("trainees:electives"))
    type(chosen.selection_round).objects.filter(pk=chosen.selection_round_id).update(
        closes_at=clock.now() - timedelta(seconds=1)
    )
    late = client.post(reverse("trainees:select", args=[chosen.pk]))
    assert late.status_code == 409
    assert 'data-denial="window_closed"' in late.content.decode()
    assert places(cadre) == []


def test_two_tabs_of_the_seats_do_not_overwrite_each_other():
    offering = topic(capacity=3)
    page = reverse("admin:courses_offering_change_seats", args=[offering.pk])
    one, other = logged_in(make_user(Role.STAFF)), logged_in(make_user(Role.STAFF))
    assert one.post(page, {"capacity": 5, "seen": 3}).status_code == 302
    stale = other.post(page, {"capacity": 9, "seen": 3})
    assert stale.status_code == 409
    assert 'value="9"' in stale.content.decode()
    assert SeatCount.objects.get(pk=offering.pk).capacity == 5


def seats_after(offering, capacity: str) -> tuple[int, str, tuple[int, int]]:
    page = reverse("admin:courses_offering_change_seats", args=[offering.pk])
    answer = logged_in(make_user(Role.STAFF)).post(page, {"capacity": capacity, "seen": 3})
    seats = SeatCount.objects.get(pk=offering.pk)
    return answer.status_code, answer.content.decode(), (seats.capacity, seats.taken)


def test_fewer_seats_than_taken_are_refused_with_the_number():
    offering = topic(capacity=3, title="一堂专题")
    EnrolmentFactory.create_batch(2, offering=offering)
    status, text, seats = seats_after(offering, "1")
    assert (status, seats) == (409, (3, 2))
    assert "已有 2 人选定" in text
    assert 'value="1"' in text


@pytest.mark.parametrize("capacity", ["-1", "", "abc", "99999999999", "1.5", "\0", "1" * 5000])
def test_seats_that_are_no_number_are_refused_on_the_form(capacity):
    status, text, seats = seats_after(topic(capacity=3), capacity)
    assert (status, seats) == (200, (3, 0))
    assert "errorlist" in text or "text-red" in text


@pytest.mark.parametrize("refused", ["", "x" * 300, "\0"])
def test_refused_form_keeps_everything_that_was_entered(refused):
    answer = logged_in(make_user(Role.STAFF)).post(
        reverse("admin:courses_room_add"), {"code": refused, "name": "<b>一号</b>&厅", "seats": 12}
    )
    assert answer.status_code == 200
    assert 'value="&lt;b&gt;一号&lt;/b&gt;&amp;厅"' in answer.content.decode()
    assert 'value="12"' in answer.content.decode()


COMMANDS = {
    "close_year abc": (2, "abc"),
    "close_year 1900": (1, "1900"),
    "close_year 2999": (1, "2999"),
    "close_year 0": (1, "0"),
    "close_year 99999999999999999999": (1, "99999999999999999999"),
    "close_year 2025 --by nobody": (1, "nobody"),
    "build_reports abc": (2, "abc"),
    "build_reports 2025": (1, "2025"),
    "build_reports 0": (1, "0"),
    "build_reports 99999999999999999999": (1, "99999999999999999999"),
    "check_data --only nonsense": (1, "nonsense"),
    "demo": (1, "DEBUG"),
    "demo --size huge": (2, "huge"),
}


@pytest.mark.django_db(transaction=True)
def test_commands_tell_a_mistake_in_one_line(tmp_path):
    """Exit status 1, or 2 where the command line itself cannot be read; never a traceback."""
    make_user(Role.STAFF)
    make_scheme(2025)
    environment = {**os.environ, "DATABASE_NAME": str(connection.settings_dict["NAME"]), "DEBUG": "off"}
    environment |= {"SECRET_KEY": "x" * 60, "FILES_ROOT": str(tmp_path)}
    found = {}
    for line, (_status, word) in COMMANDS.items():
        run = subprocess.run(
            [sys.executable, "manage.py", *line.split()],
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            timeout=120,
            text=True,
            check=False,
        )
        last = run.stderr.strip().splitlines()[-1:] or [""]
        found[line] = (
            run.returncode,
            word if word in last[0] and "Traceback" not in run.stderr else run.stderr[-300:],
        )
    assert found == COMMANDS
