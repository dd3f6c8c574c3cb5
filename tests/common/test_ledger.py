"""The three ledgers hold what they promise, whatever is done to them: property tests on the real database."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budget.enums import EntryKind
from budget.models import LedgerEntry, LineBalance
from faculty.models import TeachingEntry
from partyschool.accounts.enums import Role
from partyschool.common.ledger import AlreadyReversed, reverse_entry, total
from partyschool.common.locking import violated_constraint
from tests.concurrency.rivals import compete
from tests.factories.accounts import make_unit, make_user
from tests.factories.budget import BudgetLineFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import CadreFactory, make_scheme
from trainees.enums import CreditCategory
from trainees.models import CreditEntry

pytestmark = pytest.mark.django_db
APPROVED = Decimal(500)


@dataclass
class Ledger:
    """One ledger with two owners to post to."""

    model: type
    owner: str
    owners: list
    fixed: dict

    def post(self, owner, amount, ref):
        measures = dict.fromkeys(self.model.MEASURES, amount)
        return self.model.objects.create(
            **{self.owner: owner}, **self.fixed, **measures, amount=amount, source_kind="test", source_ref=ref
        )

    def rows(self):
        manager = self.model.objects
        return manager.unscoped("test") if hasattr(manager, "unscoped") else manager.all()

    @property
    def table(self):
        return self.model._meta.db_table


def credit_ledger(by):
    unit = make_unit()
    return Ledger(
        CreditEntry,
        "cadre",
        [CadreFactory(unit=unit), CadreFactory(unit=unit)],
        {
            "year": 2025,
            "posted_by": by,
            "category": CreditCategory.OTHER,
            "scheme": make_scheme(),
            "earned_on": date(2025, 3, 1),
        },
    )


def teaching_ledger(by):
    fixed = {"year": 2025, "posted_by": by, "taught_on": date(2025, 3, 1), "subject": "党史"}
    return Ledger(TeachingEntry, "teacher", [TeacherFactory(), TeacherFactory()], fixed)


def money_ledger(by):
    lines = [BudgetLineFactory(approved=APPROVED), BudgetLineFactory(approved=APPROVED)]
    return Ledger(LedgerEntry, "line", lines, {"year": 2025, "posted_by": by, "kind": EntryKind.PAYMENT})


LEDGERS = {"credits": credit_ledger, "teaching": teaching_ledger, "money": money_ledger}
every_ledger = pytest.mark.parametrize("make", LEDGERS.values(), ids=LEDGERS)


@pytest.fixture
def by():
    return make_user(Role.STAFF)


# A step posts an amount to one of two owners, or takes back one of the entries made so far.
posts = st.tuples(st.just("post"), st.integers(0, 1), st.decimals(Decimal("0.01"), Decimal(300), places=2))
reversals = st.tuples(st.just("reverse"), st.integers(0, 20), st.none())


@every_ledger
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(posts | reversals, max_size=12))
def test_totals_are_the_sum_of_live_entries_after_any_steps(make, steps):
    with transaction.atomic():
        by = make_user(Role.STAFF)
        ledger = make(by)
        live, made = {}, []
        for number, (step, which, amount) in enumerate(steps):
            if step == "post":
                _post(ledger, which, amount, f"{number}", live, made)
            elif made:
                _reverse(made[which % len(made)], by, live)
        for owner in ledger.owners:
            wanted = sum(
                (entry.amount for entry in live.values() if getattr(entry, ledger.owner) == owner), Decimal(0)
            )
            assert total(ledger.rows().filter(**{ledger.owner: owner})) == wanted
            if ledger.model is LedgerEntry:
                balance = LineBalance.objects.get(line=owner)
                assert balance.drawn == wanted
                assert 0 <= balance.drawn <= balance.approved
        transaction.set_rollback(True)


def _post(ledger, which, amount, ref, live, made):
    owner = ledger.owners[which]
    drawn = sum(
        (entry.amount for entry in live.values() if getattr(entry, ledger.owner) == owner), Decimal(0)
    )
    if ledger.model is LedgerEntry and drawn + amount > APPROVED:
        with pytest.raises(IntegrityError) as refusal, transaction.atomic():
            ledger.post(owner, amount, ref)
        assert violated_constraint(refusal.value) == "budget_linebalance_drawn_ck"
        return
    entry = ledger.post(owner, amount, ref)
    live[entry.pk] = entry
    made.append(entry)


def _reverse(entry, by, live):
    if entry.pk in live:
        reverse_entry(entry, by=by, reason="test")
        del live[entry.pk]
    else:
        with pytest.raises(AlreadyReversed):
            reverse_entry(entry, by=by, reason="test")


@every_ledger
def test_one_source_posts_once(make, by):
    ledger = make(by)
    ledger.post(ledger.owners[0], Decimal(5), "same")
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        ledger.post(ledger.owners[1], Decimal(7), "same")
    assert violated_constraint(refusal.value) == f"{ledger.table}_source_uq"
    assert total(ledger.rows()) == 5


@every_ledger
def test_a_source_stays_posted_after_its_reversal(make, by):
    ledger = make(by)
    reverse_entry(ledger.post(ledger.owners[0], Decimal(5), "same"), by=by, reason="wrong person")
    with pytest.raises(IntegrityError), transaction.atomic():
        ledger.post(ledger.owners[0], Decimal(5), "same")


@every_ledger
def test_nothing_posts_zero(make, by):
    ledger = make(by)
    with pytest.raises(IntegrityError), transaction.atomic():
        ledger.post(ledger.owners[0], Decimal(0), "nothing")


@every_ledger
def test_an_entry_is_never_changed_or_removed_on_any_path(make, by):
    ledger = make(by)
    entry = ledger.post(ledger.owners[0], Decimal(5), "kept")
    _execute(
        "SET CONSTRAINTS ALL IMMEDIATE"
    )  # PostgreSQL would refuse TRUNCATE for checks still to come, before asking the trigger
    entry.note = "changed"
    raw = [
        f"UPDATE {ledger.table} SET amount = 6",
        f"DELETE FROM {ledger.table}",
        f"TRUNCATE {ledger.table} CASCADE",
    ]
    attempts = [
        entry.save,
        partial(ledger.rows().update, amount=F("amount") + 1),
        partial(ledger.model._base_manager.bulk_update, [entry], ["note"]),
        entry.delete,
        ledger.rows().delete,
        *(partial(_execute, statement) for statement in raw),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityError) as refusal, transaction.atomic():
            attempt()
        assert violated_constraint(refusal.value) in {
            f"{ledger.table}_append_only_tg",
            f"{ledger.table}_keep_whole_tg",
        }
    assert list(ledger.rows().values_list("amount", "note")) == [(5, "")]


def _execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@every_ledger
def test_a_reversal_takes_back_every_measure_and_names_its_entry(make, by):
    ledger = make(by)
    entry = ledger.post(ledger.owners[0], Decimal("5.50"), "taken back")
    reversal = ledger.rows().get(pk=reverse_entry(entry, by=by, reason="wrong person").pk)
    measures = ("amount", *ledger.model.MEASURES)
    assert [getattr(reversal, measure) for measure in measures] == [Decimal("-5.50")] * len(measures)
    assert (reversal.reverses, reversal.note, reversal.year) == (entry, "wrong person", entry.year)
    assert getattr(reversal, ledger.owner) == ledger.owners[0]


@every_ledger
def test_a_reversal_cannot_be_reversed(make, by):
    ledger = make(by)
    reversal = reverse_entry(ledger.post(ledger.owners[0], Decimal(5), "x"), by=by, reason="a")
    with pytest.raises(AlreadyReversed):
        reverse_entry(reversal, by=by, reason="b")
    again = reversal.opposite(by=by, reason="b", now=reversal.posted_at)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        again.save(force_insert=True)
    assert violated_constraint(refusal.value) == f"{ledger.table}_true_reversal_tg"


@every_ledger
@pytest.mark.parametrize("bend", ["amount", "owner", "year"])
def test_the_database_refuses_a_reversal_that_is_not_the_true_opposite(make, by, bend):
    ledger = make(by)
    entry = ledger.post(ledger.owners[0], Decimal(5), "x")
    ledger.post(ledger.owners[1], Decimal(5), "y")
    false = entry.opposite(by=by, reason="half", now=entry.posted_at)
    if bend == "amount":
        false.amount = Decimal(-3)
    elif bend == "year":
        false.year = 2024
    else:
        setattr(false, ledger.owner, ledger.owners[1])
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        false.save(force_insert=True)
    assert violated_constraint(refusal.value) == f"{ledger.table}_true_reversal_tg"


@pytest.mark.race
@every_ledger
@pytest.mark.django_db(transaction=True)
def test_of_rivals_who_reverse_at_once_one_wins(make, by):
    ledger = make(by)
    entry = ledger.post(ledger.owners[0], Decimal(5), "x")
    outcomes = compete(
        [partial(reverse_entry, entry, by=by, reason=f"rival {number}") for number in range(6)]
    )
    assert sum(isinstance(outcome, AlreadyReversed) for outcome in outcomes) == 5
    assert ledger.rows().filter(reverses=entry).count() == 1
    assert total(ledger.rows()) == 0


@pytest.mark.race
@every_ledger
@pytest.mark.django_db(transaction=True)
def test_of_rivals_who_post_one_source_at_once_one_wins(make, by):
    ledger = make(by)

    def post():
        try:
            with transaction.atomic():
                ledger.post(ledger.owners[0], Decimal(5), "same")
        except IntegrityError as refusal:
            return violated_constraint(refusal)
        return "posted"

    outcomes = compete([post] * 6)
    assert Counter(outcomes) == {f"{ledger.table}_source_uq": 5, "posted": 1}
    assert total(ledger.rows()) == 5


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_rivals_for_the_rest_of_a_budget_never_overdraw_it(by):
    ledger = money_ledger(by)

    def draw(number):
        try:
            with transaction.atomic():
                ledger.post(ledger.owners[0], Decimal(90), str(number))
        except IntegrityError as refusal:
            return violated_constraint(refusal)
        return "drawn"

    outcomes = compete([partial(draw, number) for number in range(12)])
    assert Counter(outcomes) == {"budget_linebalance_drawn_ck": 7, "drawn": 5}
    assert LineBalance.objects.get(line=ledger.owners[0]).drawn == 450
