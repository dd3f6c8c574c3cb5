"""Every deed has words."""

import re
from pathlib import Path

from django.conf import settings

from budget.enums import EntryKind
from courses.services.rounds import DEEDS as ROUND_DEEDS
from partyschool.accounts.enums import UnitChangeKind
from partyschool.audit.selectors.wording import DEEDS, deed_text, subject_text
from partyschool.home.demo.school import BEGUN, FINISHED

FOLDERS = ("partyschool", "faculty", "courses", "trainees", "budget")
NAMED = re.compile(r"""action\s*=\s*"([a-z_]+\.[a-z_]+)"|'([a-z_]+\.[a-z_]+)', 'trainees\.enrolment:'""")


def _deeds_in_code() -> set[str]:
    sources = (
        path.read_text() for folder in FOLDERS for path in Path(settings.BASE_DIR, folder).rglob("*.py")
    )
    found = {one or other for source in sources for one, other in NAMED.findall(source)}
    return (
        found
        | {BEGUN, FINISHED}
        | set(ROUND_DEEDS.values())
        | {f"budget.{kind}" for kind in EntryKind.values}
        | {f"unit.{kind}" for kind in UnitChangeKind.values}
        | {f"assignment.{end}" for end in ("closed", "cancelled", "remind", "escalate")}
        | {f"nomination.{end}" for end in ("withdrawn", "replaced", "deferred")}
        | {f"deferral.{answer}" for answer in ("agree", "refuse")}
    )


def test_every_deed_in_the_code_has_words():
    in_code = _deeds_in_code()
    assert {"offering.close", "enrolment.withdraw", "enrolment.select"} <= in_code
    assert [name for name in sorted(in_code) if deed_text(name) == name] == []


def test_no_words_without_a_deed():
    assert sorted(DEEDS.keys() - _deeds_in_code()) == []


def test_words_of_edits_and_of_unknown_deeds():
    assert (deed_text("room.change"), deed_text("old.deed")) == ("修改记录", "old.deed")


def test_subjects_in_words():
    assert subject_text("courses.offering:12") == "班次 12"
    assert (subject_text("home.demo:school"), subject_text("x")) == ("home.demo:school", "x")
