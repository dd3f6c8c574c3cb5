"""Codes on the classroom screen hold in their slot and the next, for their own lesson, and nobody can make one up."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from trainees.enums import AttendanceStatus, MarkSource
from trainees.rules.check_ins import (
    CheckInFigures,
    code_for,
    code_holds,
    early_before,
    mark_follows,
    opens_at,
    over_at,
    read_token,
    slot_ends,
    slot_holds,
    slot_of,
    status_of,
    token_for,
)

INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
LESSONS = st.integers(1, 10**9)
SECONDS = st.integers(1, 120)
PRESENT, LATE = AttendanceStatus.PRESENT, AttendanceStatus.LATE


@given(LESSONS, INSTANTS, SECONDS, st.floats(-500, 500))
def test_a_code_is_accepted_in_its_slot_and_the_next_and_at_no_other_time(lesson, shown_at, seconds, later):
    slot, at = slot_of(shown_at, seconds), shown_at + timedelta(seconds=later)
    expected = slot * seconds <= at.timestamp() < (slot + 2) * seconds
    assert slot_holds(slot, at, seconds) is expected
    if expected:
        assert code_holds(code_for(lesson, slot), lesson, at, seconds)


@given(LESSONS, INSTANTS, SECONDS)
def test_what_is_shown_holds_for_at_least_one_more_slot(lesson, shown_at, seconds):
    left = slot_ends(shown_at, seconds)
    assert 0 < left <= seconds
    last_moment = shown_at + timedelta(seconds=left + seconds - 0.01)
    assert slot_holds(slot_of(shown_at, seconds), last_moment, seconds)


@given(LESSONS, LESSONS, st.integers(0, 10**9), st.integers(0, 10**9))
def test_tokens_tell_their_lesson_and_slot_and_differ(lesson, other, slot, another):
    token = token_for(lesson, slot)
    assert read_token(token) == (read := read_token(token_for(lesson, slot)))
    assert (read.lesson_id, read.slot) == (lesson, slot)
    if (lesson, slot) != (other, another):
        assert token != token_for(other, another)


@given(LESSONS, st.integers(0, 10**9), st.data())
def test_a_token_with_any_letter_changed_is_none(lesson, slot, data):
    token = token_for(lesson, slot)
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.characters(codec="utf-8"))
    forged = token[:place] + letter + token[place + 1 :]
    assert (read_token(forged) is None) == (forged != token)


@given(st.text(max_size=60))
def test_no_made_up_text_is_a_token(text):
    assert read_token(text) is None


@pytest.mark.parametrize(
    "text", ["", "..", "1.1.", "1.1.A", "0" * 40 + ".1.AAAAAAAAAAAAAAAAAAAAAA", "1.1.AAAA.B"]
)
def test_odd_shapes_are_no_tokens(text):
    assert read_token(text) is None


def test_codes_are_six_digits_and_hang_on_the_secret():
    codes = {code_for(7, slot) for slot in range(500)}
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert len(codes) > 495
    token = token_for(7, 1)
    with override_settings(SECRET_KEY="another"):
        assert read_token(token) is None
        assert code_for(7, 1) not in codes or code_for(7, 2) not in codes


FIGURES = CheckInFigures(30, 5, 30, 10, 10, 12)
START = datetime(2025, 6, 2, 0, 30, tzinfo=UTC)
LESSON = SimpleNamespace(starts_at=START, ends_at=START + timedelta(hours=3))


def test_the_window_of_a_lesson_and_its_statuses():
    assert opens_at([LESSON], FIGURES) == START - timedelta(minutes=30)
    assert over_at([LESSON], FIGURES) == START + timedelta(minutes=30)
    assert status_of(LESSON, START + timedelta(minutes=5, microseconds=-1), FIGURES) == PRESENT
    assert status_of(LESSON, START + timedelta(minutes=5), FIGURES) == LATE
    assert early_before(LESSON, FIGURES) == LESSON.ends_at - timedelta(minutes=10)


def test_a_short_lesson_is_over_when_it_ends():
    short = SimpleNamespace(starts_at=START, ends_at=START + timedelta(minutes=20))
    assert over_at([short], FIGURES) == short.ends_at


@pytest.mark.parametrize(
    ("source", "status", "seen", "follows"),
    [
        (MarkSource.ROLL, "absent", PRESENT, False),
        (MarkSource.ROLL, "present", LATE, False),
        (MarkSource.LEAVE, "on_leave", LATE, True),
        (MarkSource.CHECK_IN, "late", PRESENT, True),
        (MarkSource.CARD, "late", PRESENT, True),
        (MarkSource.CHECK_IN, "late", LATE, False),
        (MarkSource.CHECK_IN, "present", LATE, False),
    ],
)
def test_which_mark_a_check_in_replaces(source, status, seen, follows):
    assert mark_follows(source, status, seen) is follows
