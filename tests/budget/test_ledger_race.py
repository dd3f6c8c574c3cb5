"""Two finance clerks draw from one line at the same moment, on real connections; and the twin with the guard taken away."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier

import pytest
from django.db import connection

from budget.models import LedgerEntry, LineBalance
from budget.services.ledger import Insufficient, commit_money, pay, release
from partyschool.accounts.enums import Role
from partyschool.common.errors import WrongState
from partyschool.common.ledger import total
from tests.factories.accounts import make_user
from tests.factories.budget import BudgetLineFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

RIVALS = 6


def at_once(work, refusal) -> int:
    """Run `work(n)` on RIVALS connections at the same moment; returns how many were not refused."""
    start = Barrier(RIVALS, timeout=30)

    def one(number: int) -> bool:
        try:
            connection.ensure_connection()
            start.wait(10)
            work(number)
        except refusal:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(RIVALS) as pool:
        return sum(pool.map(one, range(RIVALS)))


def draw_at_once(line, by) -> int:
    def work(number: int) -> None:
        draw = commit_money if number % 2 else pay
        draw(line_id=line.pk, amount=Decimal(400), source_kind="race", source_ref=str(number), by=by)

    return at_once(work, Insufficient)


def test_rivals_cannot_overdraw_a_line():
    line = BudgetLineFactory(approved=Decimal(1000))
    assert draw_at_once(line, make_user(Role.FINANCE)) == 2
    balance = LineBalance.objects.get(line=line)
    assert balance.drawn == total(LedgerEntry.objects.filter(line=line)) == Decimal(800)


def test_rivals_overdraw_without_the_check():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE budget_linebalance DROP CONSTRAINT budget_linebalance_drawn_ck")
    line = BudgetLineFactory(approved=Decimal(1000))
    assert draw_at_once(line, make_user(Role.FINANCE)) == RIVALS
    assert LineBalance.objects.get(line=line).drawn == Decimal(400) * RIVALS


def release_at_once(line, by) -> int:
    commitment = commit_money(
        line_id=line.pk, amount=Decimal(100), source_kind="class", source_ref="1", by=by
    )
    commit_money(line_id=line.pk, amount=Decimal(900), source_kind="class", source_ref="2", by=by)
    return at_once(
        lambda number: release(
            commitment_id=commitment.pk, amount=Decimal(60), source_ref=str(number), by=by
        ),
        WrongState,
    )


def test_rivals_cannot_release_more_than_is_outstanding():
    line = BudgetLineFactory(approved=Decimal(1000))
    assert release_at_once(line, make_user(Role.FINANCE)) == 1
    assert LineBalance.objects.get(line=line).drawn == Decimal(940)


def test_rivals_release_too_much_without_the_lock(monkeypatch):
    everybody_read = Barrier(RIVALS, timeout=30)
    monkeypatch.setattr("budget.services.ledger.lock_row", lambda *_args: None)
    from budget.services import ledger

    read = ledger.outstanding

    def read_and_wait(commitment):
        left = read(commitment)
        everybody_read.wait(10)
        return left

    monkeypatch.setattr(ledger, "outstanding", read_and_wait)
    line = BudgetLineFactory(approved=Decimal(1000))
    assert release_at_once(line, make_user(Role.FINANCE)) == RIVALS
    assert LineBalance.objects.get(line=line).drawn == Decimal(1000) - 60 * RIVALS
