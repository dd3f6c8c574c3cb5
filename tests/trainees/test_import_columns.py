"""Cells are judged column by column; what is told must be what judging them one by one tells, however a file falls into pieces."""

import hmac
from dataclasses import astuple
from datetime import date

import pytest
from django.test import override_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from partyschool.common.crypto import lookup_digest, lookup_hasher
from partyschool.common.sheets import Sheet
from tests.factories.imports import HEADINGS, citizen_number, person
from trainees.rules.imports.cells import CellJudge, Wrong
from trainees.rules.imports.columns import FIELDS
from trainees.rules.imports.comparison import FoundUnit, Register, Registered, _Comparison, compare
from trainees.rules.imports.rows import Table, read_table

TODAY = date(2026, 11, 24)
DIRT = st.one_of(
    st.sampled_from(
        ["", " ", "\u3000", "\0" + "2024-03-01T00:00:00", "\0garbage", "1.2E+17", "\uff11\uff12", "n 1", "?", "张\u200b三", "X" * 70]
    ),
    st.sampled_from([0, 1, 1.0, True, False, 20240301.0, 20240301, 45352.0, 110101199003070000.0]),
    st.sampled_from(["20240301", "2024年3月1日", "1930-01-01", "2099-01-01", "科级", "事业", "县(处)级", "u0001"]),
    st.sampled_from([citizen_number(1), f" {citizen_number(2)}", citizen_number(3).lower(), "110101199003070012"]),
    st.text(max_size=8),
)  # fmt: skip


@st.composite
def dirty_rows(draw):
    """Good rows, of which some stand twice, with dirt in some of their cells."""
    rows = [
        [person(index, f"U{index % 3}").get(name, "") for name in FIELDS]
        for index in draw(st.lists(st.integers(0, 12), max_size=12))
    ]
    for row in rows:
        for place in draw(st.one_of(st.just([]), st.lists(st.integers(0, len(FIELDS) - 1), max_size=3))):
            row[place] = draw(DIRT)
    return rows


def read(pieces, *, text=False) -> Table:
    headings = [HEADINGS[name] for name in FIELDS]
    lines = iter([[headings], *([list(row) for row in piece] for piece in pieces)])
    return read_table(iter([Sheet("干部", height=99, text=text, _lines=lines)]), today=TODAY)


@settings(max_examples=400, deadline=None)
@given(dirty_rows(), st.integers(1, 12), st.booleans())
def test_rows_judged_together_are_judged_as_each_alone(rows, size, text):
    """A piece without a fault is taken over by columns; a piece of one row with a fault never is."""
    one_by_one = read([[row] for row in rows], text=text)
    together = read([rows[start : start + size] for start in range(0, len(rows), size)], text=text)
    assert astuple(together) == astuple(one_by_one)


@settings(max_examples=200, deadline=None)
@given(dirty_rows(), st.booleans())
def test_what_was_understood_once_is_understood_the_same_again(rows, text):
    """A judge that remembers cells of earlier rows says of each cell what a judge that knows none says."""

    def verdicts(judge, row):
        values = [column[0] for column in judge.columns([(cell,) for cell in row])]
        return [(one.code, one.facts) if isinstance(one, Wrong) else one for one in values]

    remembering = CellJudge(today=TODAY, text=text)
    for row in rows:
        assert verdicts(remembering, row) == verdicts(CellJudge(today=TODAY, text=text), row)


@st.composite
def registered(draw):
    """Some of the people of `person` on the register, some as the file says, some a little different."""
    return [
        Registered(
            index + 1, f"N{index:06d}", draw(st.sampled_from(["张晓明", "李四"])), draw(st.sampled_from([1, 2, 9])),
            "township_section", draw(st.sampled_from(["civil_servant", "non_party"])), draw(st.sampled_from(["科长", ""])),
            draw(st.sampled_from([date(2024, 3, 1), date(2025, 1, 1)])), draw(st.sampled_from([None, date(2029, 1, 1)])),
            date(2024, 3, 1), draw(st.sampled_from([None, date(2026, 1, 1)])),
            draw(st.sampled_from([None, lookup_digest(citizen_number(index))])), "", draw(st.booleans()),
        )
        for index in draw(st.sets(st.integers(0, 12)))
    ]  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(dirty_rows(), registered())
def test_rows_that_stand_on_the_register_are_told_as_a_closer_look_tells_them(rows, people):
    table = read([rows])
    units = {"u0": FoundUnit(1, True), "u1": FoundUnit(2, False), "u2": FoundUnit(0, True)}
    by_digest = {one.digest: one for one in people if one.digest}
    register = Register(units, {one.code: one for one in people}, by_digest, [], {})
    closer = _Comparison(table, register, TODAY, TODAY)
    for row in table.rows:
        closer.add(row)
    plan = compare(table, register, effective_on=TODAY, today=TODAY)
    assert (plan.new, plan.changed, plan.unchanged) == (
        closer.plan.new,
        closer.plan.changed,
        closer.plan.unchanged,
    )
    assert len(plan.faults) == len(table.faults) + len(closer.plan.faults)


@given(st.text(max_size=30), st.binary(min_size=1, max_size=100))
def test_the_keyed_hash_is_the_standard_one(value, key):
    with override_settings(LOOKUP_KEY=key):
        assert lookup_hasher()(value) == hmac.new(key, value.encode(), "sha256").hexdigest()


@pytest.mark.parametrize(
    "written", ["lj001", " lj001", "".join(chr(ord(char) + 0xFEE0) for char in "lj001"), "lj\u200b001"]
)
def test_letters_of_a_cadre_number_stay_as_they_are(written):
    """However it is written: else the same number would be found on the register with a blank and not without one."""
    assert CellJudge(today=TODAY, text=False).judges["code"](written) == "lj001"
