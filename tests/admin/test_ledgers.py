"""Entries of the three ledgers are corrected on their pages: taken back for a reason, once; money is set aside, paid and released."""

from decimal import Decimal

import pytest
from django.urls import reverse

from budget.models import LedgerEntry, LineBalance
from partyschool.accounts.enums import Role
from tests.admin.clients import logged_in
from tests.admin.rows import MAKERS
from tests.factories.accounts import make_user
from tests.factories.budget import BudgetLineFactory

pytestmark = pytest.mark.django_db(transaction=True)

LEDGERS = {
    "trainees.creditentry": Role.STAFF,
    "faculty.teachingentry": Role.STAFF,
    "budget.ledgerentry": Role.FINANCE,
}


def page(model: str, row, deed: str = "reverse") -> str:
    return reverse(f"admin:{model.replace('.', '_')}_{deed}", args=[row.pk])


def text(answer) -> str:
    return answer.content.decode()


def undo_of(row):
    return type(row)._base_manager.filter(reverses=row.pk).first()


@pytest.mark.parametrize(("model", "role"), LEDGERS.items())
def test_an_entry_is_taken_back_once_and_for_a_reason(model, role):
    row = MAKERS[model]()
    client = logged_in(make_user(role))
    entry = page(model, row, "change")
    assert page(model, row) in text(client.get(entry))
    assert client.get(page(model, row)).status_code == 200
    assert client.post(page(model, row), {"reason": " "}).status_code == 200
    assert undo_of(row) is None
    answer = client.post(page(model, row), {"reason": "登记有误"})
    assert (answer.status_code, answer["Location"]) == (302, entry)
    undo = undo_of(row)
    assert (undo.amount, undo.note) == (-row.amount, "登记有误")
    assert client.post(page(model, row), {"reason": "再次"}).status_code == 409
    assert client.post(page(model, undo), {"reason": "再次"}).status_code == 409
    assert page(model, row) not in text(client.get(entry))
    assert page(model, undo) not in text(client.get(page(model, undo, "change")))


@pytest.mark.parametrize("model", LEDGERS)
@pytest.mark.parametrize("role", [Role.AUDITOR, Role.ADMIN, Role.TEACHER])
def test_who_only_looks_takes_nothing_back(model, role):
    row = MAKERS[model]()
    client = logged_in(make_user(role))
    answers = [client.get(page(model, row)), client.post(page(model, row), {"reason": "因为"})]
    assert {answer.status_code for answer in answers} == {403}
    assert undo_of(row) is None


@pytest.mark.parametrize(
    ("model", "role"),
    [
        ("budget.ledgerentry", Role.STAFF),
        ("trainees.creditentry", Role.FINANCE),
        ("faculty.teachingentry", Role.FINANCE),
    ],
)
def test_each_ledger_is_corrected_by_its_own_people(model, role):
    row = MAKERS[model]()
    assert logged_in(make_user(role)).post(page(model, row), {"reason": "因为"}).status_code == 403


# --- money -------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def finance():
    return logged_in(make_user(Role.FINANCE))


@pytest.fixture
def line():
    return BudgetLineFactory(approved=Decimal(1000))


def line_page(line, deed: str) -> str:
    return reverse(f"admin:budget_budgetline_{deed}", args=[line.pk])


def drawn(line) -> Decimal:
    return LineBalance.objects.get(pk=line.pk).drawn


def test_money_is_set_aside_paid_and_released(finance, line):
    paper = {"source_ref": "合同1号", "note": "教材"}
    assert finance.post(line_page(line, "commit"), {"amount": "600", **paper}).status_code == 302
    commitment = LedgerEntry.objects.get(kind="commitment")
    assert drawn(line) == 600
    shown = finance.get(line_page(line, "pay"))
    assert "教材" in text(shown)
    pay = {"amount": "250", "source_ref": "凭证9号", "note": "", "commitment": commitment.pk}
    assert finance.post(line_page(line, "pay"), pay).status_code == 302
    assert drawn(line) == 600
    release = page("budget.ledgerentry", commitment, "release")
    assert finance.get(release).context["form"].initial["amount"] == 350
    done = finance.post(release, {"amount": "350", "source_ref": "完工", "note": ""})
    assert (done.status_code, drawn(line)) == (302, 250)
    assert release not in text(finance.get(page("budget.ledgerentry", commitment, "change")))
    assert finance.post(release, {"amount": "1", "source_ref": "再来", "note": ""}).status_code == 409


def test_a_line_is_not_overdrawn_and_a_voucher_is_posted_once(finance, line):
    too_much = {"amount": "1000.01", "source_ref": "1", "note": ""}
    answer = finance.post(line_page(line, "pay"), too_much)
    assert (answer.status_code, drawn(line)) == (409, 0)
    assert "1,000.00" in text(answer)
    right = {"amount": "10", "source_ref": "1", "note": ""}
    assert finance.post(line_page(line, "pay"), right).status_code == 302
    assert finance.post(line_page(line, "pay"), right).status_code == 409
    assert drawn(line) == 10


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "x", "1e30"])
def test_amounts_that_are_none_are_shown_again(finance, line, amount):
    answer = finance.post(line_page(line, "commit"), {"amount": amount, "source_ref": "1", "note": ""})
    assert (answer.status_code, list(answer.context["form"].errors)) == (200, ["amount"])


def test_a_commitment_of_another_line_is_no_choice(finance, line):
    finance.post(line_page(line, "commit"), {"amount": "100", "source_ref": "1", "note": ""})
    commitment = LedgerEntry.objects.get()
    other = BudgetLineFactory()
    pay = {"amount": "5", "source_ref": "2", "note": "", "commitment": commitment.pk}
    assert "commitment" in finance.post(line_page(other, "pay"), pay).context["form"].errors


@pytest.mark.parametrize("role", [Role.STAFF, Role.AUDITOR])
@pytest.mark.parametrize("deed", ["commit", "pay"])
def test_who_only_reads_the_budget_moves_no_money(line, role, deed):
    client = logged_in(make_user(role))
    assert line_page(line, deed) not in text(client.get(line_page(line, "change")))
    assert client.post(line_page(line, deed), {"amount": "5", "source_ref": "2"}).status_code == 403


def test_open_commitments_are_counted_in_two_queries(line, django_assert_num_queries):
    from budget.selectors.execution import commitments_of
    from budget.services.ledger import commit_money, release

    by = make_user(Role.FINANCE)
    made = [
        commit_money(
            line_id=line.pk, amount=Decimal(100), source_kind="contract", source_ref=str(number), by=by
        )
        for number in range(3)
    ]
    release(commitment_id=made[0].pk, amount=Decimal(100), source_ref="a", by=by)
    release(commitment_id=made[1].pk, amount=Decimal(40), source_ref="a", by=by)
    with django_assert_num_queries(2):
        found = commitments_of(line)
    assert [(one.entry, one.left) for one in found] == [(made[1], Decimal(60)), (made[2], Decimal(100))]
