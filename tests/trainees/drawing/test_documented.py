"""The example of docs/draw.md is true: its commands are run, its texts replayed, its tables compared."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from trainees.rules.drawing import MECHANISMS, draw_by, measure, outcome_text, parse, parse_outcome, replay
from trainees.rules.drawing.best_total import CARRIES

PROJECT = Path(__file__).resolve().parents[3]
PAGE = (PROJECT / "docs" / "draw.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\S+) ?(\S*)\n(.*?)\n```$", PAGE, re.MULTILINE | re.DOTALL)
NAMED = {name: text for _kind, name, text in BLOCKS if name}
SEED, SEALED, OUTCOME = NAMED["seed"], NAMED["sealed"], NAMED["outcome"]
COMMANDS = [(text, BLOCKS[index + 1][2]) for index, (kind, _name, text) in enumerate(BLOCKS) if kind == "sh"]
DRAW = parse(SEALED)
CODES = {topic.id: topic.code for topic in DRAW.topics}


def rows(heading):
    """The cells of the table whose first column has this heading."""
    table = re.search(rf"^\| {heading} \|.*?\n\|[- |]+\|\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table[1].splitlines()]


@pytest.mark.parametrize(("command", "answer"), COMMANDS)
def test_a_command_answers_as_the_page_says(command, answer, tmp_path):
    (tmp_path / "sealed.json").write_text(SEALED, encoding="utf-8")
    (tmp_path / "outcome.json").write_text(OUTCOME, encoding="utf-8")
    (tmp_path / "python").symlink_to(sys.executable)
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}", "SEED": SEED, "PYTHONPATH": str(PROJECT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.rstrip("\n"), done.stderr) == (0, answer, "")


def test_all_four_commands_were_found():
    assert len(COMMANDS) == 4


def test_the_example_is_replayed():
    assert replay(SEALED, SEED, OUTCOME) is None
    assert outcome_text(draw_by("random_serial", DRAW, SEED)) == OUTCOME


def test_the_table_of_places_is_that_of_the_outcome():
    people = {person.ticket: person for person in DRAW.participants}
    places = sorted(parse_outcome(OUTCOME).places, key=lambda place: place.position)
    assert [row[:4] for row in rows("place")] == [
        [
            str(place.position),
            f"`{place.ticket}`",
            " ".join(CODES[topic] for topic in people[place.ticket].ranking),
            " ".join(CODES[one.topic] for one in place.got),
        ]
        for place in places
    ]


def test_the_mechanisms_side_by_side_are_measured_as_told():
    told = {row[0].strip("`"): row[1:] for row in rows("mechanism")}
    measured = {}
    for name in MECHANISMS:
        found = measure(DRAW, draw_by(name, DRAW, SEED), SEED)
        measured[name] = [
            f"{found.anything} of {found.voters}",
            str(found.first),
            f"{found.mean_rank:.2f}",
            str(found.points),
            str(found.envious),
        ]
    assert told == measured


def test_the_size_that_the_solver_carries_is_told():
    assert f"It carries {CARRIES:,} ranked topics" in PAGE


def test_every_code_of_the_example_is_explained():
    explained = {row[0].strip("`") for row in rows("code")}
    assert explained == {why.code for place in parse_outcome(OUTCOME).places for why in place.why}
