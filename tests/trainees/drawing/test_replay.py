"""Anybody reaches the same outcome again, in another process too; and a changed one is found out."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.trainees.drawing.choices import SCARCE, real_draw
from tests.trainees.drawing.draws import SEED, any_draw, draw_of, someone
from trainees.rules.drawing import (
    MECHANISMS,
    Topic,
    commit,
    difference,
    draw_by,
    fingerprint,
    outcome_text,
    parse_outcome,
    replay,
    seal,
)

PROJECT = Path(__file__).resolve().parents[3]
DRAW = draw_of([Topic(1, "A", "", 1), Topic(2, "B", "", 2)], [someone(number, 1, 2) for number in range(5)])
OUTCOME = outcome_text(draw_by("random_serial", DRAW, SEED))


def run(*arguments, hash_seed="0"):
    """The replay as anybody starts it: no Django, no database, no settings."""
    return subprocess.run(
        [sys.executable, "-m", "trainees.rules.drawing", *map(str, arguments)],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "PYTHONHASHSEED": hash_seed},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("mechanism", MECHANISMS)
def test_every_process_reaches_the_same_outcome(mechanism, tmp_path):
    draw = real_draw("spring", one_in=SCARCE)
    sealed = tmp_path / "sealed.json"
    sealed.write_text(seal(draw), encoding="utf-8")
    here = outcome_text(draw_by(mechanism, draw, "spring"))
    there = {
        run(sealed, "spring", "--mechanism", mechanism, hash_seed=seed).stdout for seed in ("0", "1", "4242")
    }
    assert there == {here}


def test_the_command_tells_the_truth_and_the_first_difference(tmp_path):
    sealed, outcome = tmp_path / "sealed.json", tmp_path / "outcome.json"
    sealed.write_text(seal(DRAW), encoding="utf-8")
    outcome.write_text(OUTCOME, encoding="utf-8")
    good = run(sealed, SEED, outcome, "--sealed-hash", fingerprint(seal(DRAW)))
    assert (good.returncode, good.stdout) == (
        0,
        "The outcome is what the sealed draw and the seed make of it.\n",
    )
    wrong = run(sealed, "another", outcome)
    assert (wrong.returncode, wrong.stdout) == (
        1,
        f'seed.sha256: "{commit("another")}" here, "{commit(SEED)}" there\n',
    )
    sealed.write_text("{", encoding="utf-8")
    broken = run(sealed, SEED, outcome)
    assert (broken.returncode, broken.stdout) == (1, "")
    assert broken.stderr.startswith("text: not JSON in UTF-8: ")


def test_a_true_outcome_is_told_as_true():
    assert replay(seal(DRAW), SEED, OUTCOME) is None
    assert replay(seal(DRAW), SEED, OUTCOME, "random_serial", sealed_hash=fingerprint(seal(DRAW))) is None


def test_another_text_than_the_one_sealed_is_found_out():
    other = seal(replace(DRAW, name="Autumn"))
    found = replay(other, SEED, OUTCOME, sealed_hash=fingerprint(seal(DRAW)))
    assert (found.where, found.ours, found.theirs) == (
        "sealed.sha256",
        json.dumps(fingerprint(other)),
        json.dumps(fingerprint(seal(DRAW))),
    )


def test_another_mechanism_than_the_one_published_is_found_out():
    found = replay(seal(DRAW), SEED, OUTCOME, "by_time")
    assert (found.where, found.ours, found.theirs) == ("outcome.mechanism", '"by_time"', '"random_serial"')


def test_a_single_seat_given_to_somebody_else_is_found_out():
    outcome = parse_outcome(OUTCOME)
    lucky = next(place for place in outcome.places if place.got)
    unlucky = next(place for place in outcome.places if not place.got)
    exchanged = {lucky.ticket: unlucky.got, unlucky.ticket: lucky.got}
    forged = replace(
        outcome,
        places=tuple(one._replace(got=exchanged.get(one.ticket, one.got)) for one in outcome.places),
    )
    found = replay(seal(DRAW), SEED, outcome_text(forged))
    first = min(exchanged)
    assert found.where == f"outcome.participants[{first}].got[0]"
    assert "nothing" in str(found)


def test_a_participant_left_out_is_found_out():
    outcome = parse_outcome(OUTCOME)
    found = replay(seal(DRAW), SEED, outcome_text(replace(outcome, places=outcome.places[1:])))
    assert (found.where, found.theirs) == ("outcome.participants[000000000000]", "")


@pytest.mark.parametrize(
    ("ours", "theirs", "where"),
    [
        ("{}", "{}", None),
        ("{", "{}", "text"),
        ('{"a":1}', '{"a":true}', "outcome.a"),
        ('{"a":1}', '{"a":1.0}', "outcome.a"),
        ('{"a":[1]}', '{"a":[1,2]}', "outcome.a[1]"),
        ('{"a":1}', '{"a": 1}', "text"),
        ('{"participants":[1]}', '{"participants":[{"ticket":"0"}]}', "outcome.participants[0]"),
    ],
)
def test_differences_are_named_by_their_place(ours, theirs, where):
    found = difference(ours, theirs)
    assert (found and found.where) == where


@given(draw=any_draw())
@settings(max_examples=60, deadline=None)
def test_an_outcome_is_read_back_as_it_was_written(draw):
    for mechanism in ("random_serial", "by_time"):
        outcome = draw_by(mechanism, draw, SEED)
        assert parse_outcome(outcome_text(outcome)) == outcome


@pytest.mark.parametrize("text", ["", "[]", "{}", OUTCOME + " ", OUTCOME.replace('"why"', '"reason"')])
def test_another_text_is_no_outcome(text):
    with pytest.raises(ValueError, match=r"outcome|Expecting"):
        parse_outcome(text)
