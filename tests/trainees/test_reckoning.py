"""The rules of a year: each by hand, the worked example of the document, and the statement for everybody held to the plain reading."""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.ledger import reverse_entry
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import OfferingFactory
from tests.factories.trainees import CadreFactory, CreditEntryFactory, EnrolmentFactory, make_scheme
from trainees.enums import CreditCategory, ExemptionGround, Rank, SchemeState
from trainees.models import (
    AssessmentExemption,
    ConductScore,
    ConductSheet,
    ConductWeights,
    CreditScheme,
    YearlyAssessment,
)
from trainees.rules.credits import ConductOfYear, SchemeFigures, reckon
from trainees.services.years import close_year, judging

RANK = Rank.TOWNSHIP_SECTION
C, E, N, O = CreditCategory.values  # noqa: E741 -- concentrated, elective, online, other


def judge(entries, *, conduct=ConductOfYear(), ground="", **figures):  # noqa: B008 -- frozen
    least = {(RANK, ""): Decimal(50)} | figures.pop("least", {})
    return reckon(
        figures=SchemeFigures(least=least, **figures),
        rank=RANK,
        entries=[(category, Decimal(amount)) for category, amount in entries],
        conduct=conduct,
        ground=ground,
    )


def codes(found):
    return [(reason["code"], reason.get("category")) for reason in found.reasons]


# --- each rule by hand -------------------------------------------------------------------------------------------------------------------


def test_the_total_decides():
    assert judge([(C, 49)]).reasons == ({"code": "short", "category": "", "needed": 50, "counted": 49},)
    assert (judge([(C, 50)]).result, judge([(C, 50)]).reasons) == ("pass", ())


def test_a_cap_cuts_before_anything_is_added_up():
    found = judge([(N, 60)], caps={N: Decimal(40)})
    assert (found.earned, found.counted, codes(found)) == (60, 40, [("short", "")])


def test_a_reversal_is_taken_off_before_the_cap():
    assert judge([(N, 60), (N, -15)], caps={N: Decimal(40)}).counted == 40
    assert judge([(N, 60), (N, -25)], caps={N: Decimal(40)}).counted == 35


def test_a_penalty_is_taken_off_its_category_and_may_leave_it_below_nothing():
    found = judge([(C, 52), (E, -4)])
    assert (found.counted, codes(found)) == (48, [("short", "")])


def test_each_category_needs_its_own_least_after_its_cap():
    least = {(RANK, C): Decimal(30), (RANK, N): Decimal(41)}
    found = judge([(C, 29), (N, 60)], least=least, caps={N: Decimal(40)})
    assert codes(found) == [("short", C), ("short", N)]


def test_a_category_of_another_rank_needs_nothing():
    assert judge([(C, 50)], least={(Rank.STAFF, E): Decimal(10)}).result == "pass"


def test_a_share_is_one_of_what_counts():
    shares = {C: Decimal("0.7")}
    assert judge([(C, 70), (N, 30)], shares=shares).result == "pass"
    found = judge([(C, 69), (N, 31)], shares=shares)
    assert found.reasons == (
        {"code": "share", "category": C, "needed": Decimal("0.7"), "counted": 69, "total": 100},
    )
    assert judge([(C, 69), (N, 31)], shares=shares, caps={N: Decimal(29)}).result == "pass"


def test_there_is_no_share_of_nothing():
    assert judge([], least={(RANK, ""): Decimal(0)}, shares={C: Decimal(1)}).result == "pass"


def test_low_conduct_in_any_class_fails_and_none_does_not():
    assert judge([(C, 50)], conduct_least=Decimal(60)).result == "pass"
    found = judge(
        [(C, 50)], conduct_least=Decimal(60), conduct=ConductOfYear(lowest=Decimal("59.99"), good=False)
    )
    assert found.reasons == ({"code": "conduct", "needed": 60, "counted": Decimal("59.99")},)
    assert (
        judge([(C, 50)], conduct_least=Decimal(60), conduct=ConductOfYear(lowest=Decimal(60))).result
        == "pass"
    )


def test_who_is_exempt_is_not_judged():
    found = judge([], ground="retirement")
    assert (found.result, found.grade) == ("exempt", "exempt")
    assert found.reasons == ({"code": "exempt", "ground": "retirement"},)


@pytest.mark.parametrize(
    ("amount", "factor", "good", "grade"),
    [
        (60, "1.2", True, "excellent"),
        ("59.99", "1.2", True, "pass"),
        (60, "1.2", False, "pass"),
        (90, None, True, "pass"),
        (49, "1", True, "fail"),
    ],
)
def test_excellent_is_a_multiple_of_the_need_with_good_conduct(amount, factor, good, grade):
    found = judge(
        [(C, amount)], excellent_factor=factor and Decimal(factor), conduct=ConductOfYear(good=good)
    )
    assert found.grade == grade


def test_a_rank_that_needs_nothing_has_no_excellent():
    assert judge([(C, 90)], least={(RANK, ""): Decimal(0)}, excellent_factor=Decimal("1.2")).grade == "pass"


# --- the worked example of the document --------------------------------------------------------------------------------------------------

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "credits.md"


def worked_example():
    """The tables of the example: entries, and the lines of the reckoning."""
    part = DOCUMENT.read_text().split("## A worked example")[1].split("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in part.splitlines()
        if line.startswith("|")
    ]
    entries = [
        (cells[1], Decimal(cells[2]))
        for cells in rows
        if len(cells) == 3 and re.fullmatch(r"-?\d+", cells[2])
    ]
    steps = {
        cells[0]: [Decimal(cell) for cell in cells[1:]] for cells in rows if cells[0] in {"sum", "counted"}
    }
    return entries, steps


def test_the_worked_example_of_the_document():
    entries, steps = worked_example()
    figures = {
        "least": {(RANK, ""): Decimal(90), (RANK, C): Decimal(40)},
        "caps": {N: Decimal(30), E: Decimal(40)},
        "shares": {C: Decimal("0.6")},
        "excellent_factor": Decimal("1.2"),
    }
    assert len(entries) == 6
    found = judge(entries, **{**figures, "least": dict(figures["least"])})
    assert steps["sum"] == [*[line.earned for line in found.categories], found.earned]
    assert steps["counted"] == [*[line.counted for line in found.categories], found.counted]
    assert (found.reasons, found.grade) == ((), "excellent")
    less = judge([*entries, (C, Decimal(-16))], **{**figures, "least": dict(figures["least"])})
    assert (less.result, codes(less), less.counted) == ("fail", [("share", C)], 110)


# --- the statement -----------------------------------------------------------------------------------------------------------------------

amounts = st.decimals(Decimal("0.25"), Decimal(60), places=2)
figures = st.decimals(Decimal("0.5"), Decimal(90), places=2)
categories = st.sampled_from(CreditCategory.values)
fractions = st.decimals(Decimal("0.05"), Decimal(1), places=2)


@dataclass(frozen=True)
class Rules:
    """A scheme drawn at random, and what is put in the database for it."""

    caps: dict
    least: dict
    totals: tuple
    shares: dict
    excellent_factor: Decimal | None
    conduct_least: Decimal | None

    @property
    def figures(self):
        totals = {(rank, ""): total for rank, total in zip(Rank.values, self.totals, strict=True)}
        return SchemeFigures(
            caps=self.caps,
            least=self.least | totals,
            shares=self.shares,
            excellent_factor=self.excellent_factor,
            conduct_least=self.conduct_least,
        )

    def fill(self, scheme):
        for rows in (scheme.caps, scheme.requirements):
            rows.all().delete()
        for category, most in self.caps.items():
            scheme.caps.create(category=category, most=most)
        for (rank, category), amount in self.figures.least.items():
            scheme.requirements.create(rank=rank, category=category, least=amount)
        for category, share in self.shares.items():
            scheme.shares.create(category=category, least=share)
        scheme.excellent_factor, scheme.conduct_least = self.excellent_factor, self.conduct_least
        scheme.save()


rules = st.builds(
    Rules,
    caps=st.dictionaries(categories, figures),
    least=st.dictionaries(st.tuples(st.sampled_from(Rank.values), categories), figures),
    totals=st.tuples(figures, figures, figures),
    shares=st.dictionaries(categories, fractions, max_size=2),
    excellent_factor=st.none() | st.decimals(Decimal(1), Decimal(2), places=2),
    conduct_least=st.none() | st.decimals(Decimal(0), Decimal(100), places=2),
)


def release_conduct(weights, scores, staff):
    """A class with the given conduct totals (cadre → total), released; returns {cadre: grade}."""
    second = make_user(Role.STAFF)
    sheet = ConductSheet.objects.create(offering=OfferingFactory(), weights=weights)
    grades = {}
    for cadre, total in scores.items():
        marks = (
            (weights.excellent_from, "excellent"),
            (weights.good_from, "good"),
            (weights.pass_from, "pass"),
        )
        grades[cadre] = next((grade for mark, grade in marks if total >= mark), "fail")
        ConductScore.objects.create(
            sheet=sheet,
            enrolment=EnrolmentFactory(offering=sheet.offering, cadre=cadre, created_by=staff),
            attitude=total,
            total=total,
            grade=grades[cadre],
            scored_by=staff,
        )
    moment = {"submitted_at": clock.now(), "submitted_by": staff}
    ConductSheet.objects.filter(pk=sheet.pk).update(state="submitted", **moment)
    ConductSheet.objects.filter(pk=sheet.pk).update(
        state="released", released_at=clock.now(), released_by=second
    )
    return grades


def stored():
    return {
        row.cadre_id: _facts(row.earned, row.counted, row.needed, row.reasons, row.result, row.grade)
        for row in YearlyAssessment.objects.unscoped("test").filter(year=2025)
    }


def under(scheme, staff):
    """What the year gives under any version of its scheme, in force or not."""
    statement = judging(scheme, by=staff, now=clock.now())
    with connection.cursor() as cursor:
        cursor.execute(
            f"{statement.text} SELECT cadre_id, earned, counted, total, reasons, result, grade FROM found",
            statement.parameters,
        )
        rows = cursor.fetchall()
    return {cadre: _facts(*rest) for cadre, *rest in rows}


def _facts(earned, counted, needed, reasons, result, grade):
    if isinstance(reasons, str):
        import json

        reasons = json.loads(reasons)
    told = [
        tuple(
            sorted(
                (key, str(Decimal(str(value)).normalize()) if _number(value) else value)
                for key, value in one.items()
            )
        )
        for one in reasons
    ]
    return earned, counted, needed, told, str(result), str(grade)


def _number(value):
    return isinstance(value, int | float | Decimal)


def compare(first, second, people, data):
    staff, unit = make_user(Role.STAFF), make_unit()
    scheme = make_scheme(change=first.fill)
    cadres = [CadreFactory(unit=unit, rank=rank) for rank, _ground in people]
    grounds = {}
    for cadre, (_rank, ground) in zip(cadres, people, strict=True):
        if ground:
            AssessmentExemption.objects.create(cadre=cadre, year=2025, ground=ground)
            grounds[cadre.pk] = ground
    entries = {cadre.pk: [] for cadre in cadres}
    for _ in range(data.draw(st.integers(0, 12))):
        cadre = data.draw(st.sampled_from(cadres))
        kind = data.draw(st.sampled_from(["enrolment", "penalty", "carry", "recognised"]))
        amount = data.draw(amounts) * (-1 if kind == "penalty" else 1)
        entry = CreditEntryFactory(
            cadre=cadre,
            scheme=scheme,
            amount=amount,
            category=data.draw(categories),
            source_kind=kind,
            posted_by=staff,
        )
        entries[cadre.pk].append((entry.category, entry.amount))
        if data.draw(st.booleans()):
            reversal = reverse_entry(entry, by=staff, reason="test")
            entries[cadre.pk].append((reversal.category, reversal.amount))
    conduct = {cadre.pk: ConductOfYear() for cadre in cadres}
    if data.draw(st.booleans()):
        conduct = draw_conduct(cadres, staff, data)

    def expected(chosen):
        results = {}
        for cadre in cadres:
            found = reckon(
                figures=chosen.figures,
                rank=cadre.rank,
                entries=entries[cadre.pk],
                conduct=conduct[cadre.pk],
                ground=grounds.get(cadre.pk, ""),
            )
            facts = (found.earned, found.counted, found.needed, found.reasons, found.result, found.grade)
            results[cadre.pk] = _facts(*facts)
        return results

    closing = close_year(year=2025, by=staff)
    assert stored() == expected(first)
    assert (closing.total, closing.changed) == (len(people), len(people))
    assert close_year(year=2025, by=staff).changed == 0
    before = stored()
    CreditScheme.objects.filter(pk=scheme.pk).update(state=SchemeState.RETIRED)
    make_scheme(version=2, change=second.fill)
    close_year(year=2025, by=staff)
    assert stored() == expected(second)
    # Under the version that was in force then, the year still gives what it gave then.
    assert under(scheme, staff) == before


def draw_conduct(cadres, staff, data):
    weights = ConductWeights.objects.create(
        year=2025, attitude=100, theory=0, party_spirit=0, excellent_from=90, good_from=80, pass_from=60
    )
    totals, grades = {cadre.pk: [] for cadre in cadres}, {cadre.pk: [] for cadre in cadres}
    for _ in range(data.draw(st.integers(0, 2))):
        present = data.draw(st.lists(st.sampled_from(cadres), unique=True))
        scores = {cadre: data.draw(st.integers(50, 100)) for cadre in present}
        for cadre, grade in release_conduct(weights, scores, staff).items():
            totals[cadre.pk].append(scores[cadre])
            grades[cadre.pk].append(grade)
    return {
        pk: ConductOfYear(min(found, default=None), bool(found) and set(grades[pk]) <= {"excellent", "good"})
        for pk, found in totals.items()
    }


@pytest.mark.django_db
@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    first=rules,
    second=rules,
    people=st.lists(
        st.tuples(st.sampled_from(Rank.values), st.none() | st.sampled_from(ExemptionGround.values)),
        min_size=1,
        max_size=5,
    ),
    data=st.data(),
)
def test_the_statement_gives_what_the_rules_say_under_every_version(first, second, people, data):
    before = transaction.savepoint()
    try:
        compare(first, second, people, data)
    finally:
        transaction.set_rollback(False)
        transaction.savepoint_rollback(before)
