from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from budget.enums import EntryKind
from budget.models import LedgerEntry, LineBalance
from budget.selectors.execution import business_money, executions_of
from budget.services.ledger import (
    AlreadyPosted,
    Insufficient,
    commit_money,
    outstanding,
    pay,
    release,
    reverse,
)
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common.errors import InvalidInput, NotFound, WrongState
from partyschool.common.ledger import AlreadyReversed, total
from tests.factories.accounts import make_user
from tests.factories.budget import BudgetLineFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def by():
    return make_user(Role.FINANCE)


def drawn(line) -> Decimal:
    return LineBalance.objects.get(line=line).drawn


def test_commitment_draws_from_the_line_and_is_recorded(by):
    line = BudgetLineFactory(approved=Decimal(1000))
    entry = commit_money(
        line_id=line.pk, amount=Decimal("400.50"), source_kind="class", source_ref="1", by=by
    )
    assert drawn(line) == Decimal("400.50")
    assert (entry.year, entry.kind) == (line.year, EntryKind.COMMITMENT)
    assert AuditEvent.objects.unscoped("test").get().action == "budget.commitment"


@pytest.mark.parametrize("amount", [Decimal(0), Decimal(-1), Decimal("0.005")])
def test_amount_must_be_above_zero_in_whole_fen(by, amount):
    line = BudgetLineFactory()
    with pytest.raises(InvalidInput):
        commit_money(line_id=line.pk, amount=amount, source_kind="class", source_ref="1", by=by)
    assert drawn(line) == 0


def test_more_than_free_is_refused_with_the_balance(by):
    line = BudgetLineFactory(approved=Decimal(1000))
    commit_money(line_id=line.pk, amount=Decimal(900), source_kind="class", source_ref="1", by=by)
    with pytest.raises(Insufficient) as refused:
        pay(line_id=line.pk, amount=Decimal("100.01"), source_kind="invoice", source_ref="1", by=by)
    assert refused.value.free == Decimal(100)
    assert "100.00" in str(refused.value.facts)
    assert drawn(line) == Decimal(900)


def test_one_source_posts_once(by):
    line = BudgetLineFactory()
    commit_money(line_id=line.pk, amount=Decimal(10), source_kind="class", source_ref="1", by=by)
    with pytest.raises(AlreadyPosted):
        commit_money(line_id=line.pk, amount=Decimal(10), source_kind="class", source_ref="1", by=by)
    assert drawn(line) == Decimal(10)


def test_payment_uses_up_its_commitment(by):
    line = BudgetLineFactory(approved=Decimal(1000))
    commitment = commit_money(
        line_id=line.pk, amount=Decimal(1000), source_kind="class", source_ref="1", by=by
    )
    pay(
        line_id=line.pk,
        amount=Decimal(600),
        source_kind="invoice",
        source_ref="x" * 64,
        commitment_id=commitment.pk,
        by=by,
    )
    assert drawn(line) == Decimal(1000)
    assert outstanding(commitment) == Decimal(400)
    release(commitment_id=commitment.pk, amount=Decimal(400), source_ref="settled", by=by)
    assert drawn(line) == Decimal(600)
    assert total(LedgerEntry.objects.filter(line=line)) == Decimal(600)


def test_payment_above_its_commitment_draws_the_rest_from_the_line(by):
    line = BudgetLineFactory(approved=Decimal(1000))
    commitment = commit_money(
        line_id=line.pk, amount=Decimal(500), source_kind="class", source_ref="1", by=by
    )
    pay(
        line_id=line.pk,
        amount=Decimal(700),
        source_kind="invoice",
        source_ref="1",
        commitment_id=commitment.pk,
        by=by,
    )
    assert drawn(line) == Decimal(700)
    assert outstanding(commitment) == 0


def test_payment_against_a_commitment_of_another_line_is_refused(by):
    one, other = BudgetLineFactory(), BudgetLineFactory()
    commitment = commit_money(line_id=one.pk, amount=Decimal(5), source_kind="class", source_ref="1", by=by)
    with pytest.raises(WrongState):
        pay(
            line_id=other.pk,
            amount=Decimal(5),
            source_kind="invoice",
            source_ref="1",
            commitment_id=commitment.pk,
            by=by,
        )
    assert LedgerEntry.objects.count() == 1


def test_release_of_more_than_outstanding_is_refused(by):
    line = BudgetLineFactory()
    commitment = commit_money(
        line_id=line.pk, amount=Decimal(100), source_kind="class", source_ref="1", by=by
    )
    release(commitment_id=commitment.pk, amount=Decimal(60), source_ref="a", by=by)
    with pytest.raises(WrongState, match=r"40\.00"):
        release(commitment_id=commitment.pk, amount=Decimal(41), source_ref="b", by=by)
    assert drawn(line) == Decimal(40)


def test_reversal_gives_the_money_back_once(by):
    line = BudgetLineFactory()
    entry = pay(line_id=line.pk, amount=Decimal(100), source_kind="invoice", source_ref="1", by=by)
    reverse(entry_id=entry.pk, reason="paid twice", by=by)
    assert drawn(line) == 0
    with pytest.raises(AlreadyReversed):
        reverse(entry_id=entry.pk, reason="again", by=by)
    with pytest.raises(InvalidInput):
        reverse(entry_id=entry.pk, reason=" ", by=by)


def test_reversed_release_counts_as_outstanding_again(by):
    line = BudgetLineFactory(approved=Decimal(100))
    commitment = commit_money(
        line_id=line.pk, amount=Decimal(100), source_kind="class", source_ref="1", by=by
    )
    released = release(commitment_id=commitment.pk, amount=Decimal(30), source_ref="a", by=by)
    reverse(entry_id=released.pk, reason="wrong class", by=by)
    assert outstanding(commitment) == Decimal(100)
    assert drawn(line) == Decimal(100)


def test_release_whose_money_is_in_use_again_cannot_be_reversed(by):
    line = BudgetLineFactory(approved=Decimal(100))
    commitment = commit_money(
        line_id=line.pk, amount=Decimal(100), source_kind="class", source_ref="1", by=by
    )
    released = release(commitment_id=commitment.pk, amount=Decimal(30), source_ref="a", by=by)
    pay(line_id=line.pk, amount=Decimal(30), source_kind="invoice", source_ref="1", by=by)
    with pytest.raises(Insufficient) as refused:
        reverse(entry_id=released.pk, reason="wrong class", by=by)
    assert (refused.value.wanted, refused.value.free) == (Decimal(30), Decimal(0))


def test_commitment_partly_released_cannot_be_reversed_as_a_whole(by):
    line = BudgetLineFactory()
    commitment = commit_money(
        line_id=line.pk, amount=Decimal(100), source_kind="class", source_ref="1", by=by
    )
    release(commitment_id=commitment.pk, amount=Decimal(30), source_ref="a", by=by)
    with pytest.raises(WrongState):
        reverse(entry_id=commitment.pk, reason="wrong class", by=by)
    assert drawn(line) == Decimal(70)


def test_reversed_commitment_has_nothing_left_to_release(by):
    line = BudgetLineFactory()
    commitment = commit_money(
        line_id=line.pk, amount=Decimal(100), source_kind="class", source_ref="1", by=by
    )
    reverse(entry_id=commitment.pk, reason="class cancelled", by=by)
    assert outstanding(commitment) == 0
    with pytest.raises(WrongState):
        release(commitment_id=commitment.pk, amount=Decimal(1), source_ref="a", by=by)


def test_unknown_line_commitment_and_entry_are_not_found(by):
    with pytest.raises(NotFound):
        commit_money(line_id=0, amount=Decimal(1), source_kind="class", source_ref="1", by=by)
    with pytest.raises(NotFound):
        release(commitment_id=0, amount=Decimal(1), source_ref="a", by=by)
    with pytest.raises(NotFound):
        reverse(entry_id=0, reason="x", by=by)


def test_database_refuses_overdrawing_on_any_path(by):
    line = BudgetLineFactory(approved=Decimal(100))
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.create(
            line=line,
            year=line.year,
            kind=EntryKind.PAYMENT,
            amount=Decimal(101),
            source_kind="raw",
            source_ref="1",
            posted_by=by,
        )
    assert drawn(line) == 0


def test_execution_reads_approved_drawn_and_paid(by, django_assert_num_queries):
    line = BudgetLineFactory(approved=Decimal(1000), purpose="library")
    BudgetLineFactory(approved=Decimal(500))
    commit_money(line_id=line.pk, amount=Decimal(300), source_kind="class", source_ref="1", by=by)
    pay(line_id=line.pk, amount=Decimal(250), source_kind="invoice", source_ref="1", by=by)
    with django_assert_num_queries(1):
        first, second = executions_of(line.year)
    assert (first.approved, first.drawn, first.paid, first.free, first.rate) == (1000, 550, 250, 450, 25)
    assert (second.paid, second.rate) == (0, 0)
    assert business_money((line.year,)) == {line.year: Decimal(1000)}
