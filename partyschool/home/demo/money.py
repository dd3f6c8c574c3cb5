"""Budget lines of two years, and what was drawn from them."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time
from decimal import Decimal
from functools import partial

from budget.enums import FundSource, Purpose
from budget.models import BudgetLine, LedgerEntry, LineBalance
from budget.services.ledger import AlreadyPosted, commit_money, pay
from partyschool.accounts.models import User
from partyschool.common import clock

# Code, name, purpose, source of funds, approved yuan of the present year.
LINES = (
    ("01", "教学科研经费", Purpose.TEACHING_RESEARCH, FundSource.FISCAL, 190_000),
    ("02", "图书资料经费", Purpose.LIBRARY, FundSource.FISCAL, 60_000),
    ("03", "教师进修经费", Purpose.TEACHER_DEVELOPMENT, FundSource.FISCAL, 100_000),
    ("04", "信息化建设经费", Purpose.INFORMATISATION, FundSource.FISCAL, 120_000),
    ("05", "对外交流经费", Purpose.EXCHANGE, FundSource.FISCAL, 60_000),
    ("06", "主体班次培训经费", Purpose.TRAINING, FundSource.FISCAL, 900_000),
    ("07", "干部教育培训专项经费", Purpose.TRAINING, FundSource.SPECIAL, 600_000),
)
GROWTH = Decimal("0.96")  # the year before had this share of each line
PAID = (Decimal("0.22"), Decimal("0.31"), Decimal("0.18"))  # of the approved money, in March, June, September
COMMITTED = Decimal("0.12")


def build_budget(years: tuple[int, int]) -> None:
    """Store the lines of the past and the present year with their approved money."""
    for year, share in zip(years, (GROWTH, Decimal(1)), strict=True):
        for code, name, purpose, source, approved in LINES:
            line = BudgetLine.objects.create(year=year, code=code, name=name, purpose=purpose, source=source)
            LineBalance.objects.create(line=line, approved=approved * share)


def post_spending(years: tuple[int, int], by: User, now: datetime) -> None:
    """Post what was paid in each quarter and is set aside, as far as it lies before `now` and was not posted before."""
    for line in BudgetLine.objects.filter(year__in=years).select_related("balance").order_by("year", "code"):
        name = f"{line.year}-{line.code}"
        approved = line.balance.approved
        draw = partial(_draw_once, line_id=line.pk, by=by)
        for quarter, share in enumerate(PAID, 1):
            day = clock.school_instant(date(line.year, quarter * 3, 20), time(15))
            if day < now:
                source = {
                    "source_kind": "voucher",
                    "source_ref": f"{name}-{quarter}",
                    "note": f"第{quarter}季度支出",
                }
                draw(pay, amount=round(approved * share, 2), now=day, **source)
        if line.year == max(years):
            source = {"source_kind": "contract", "source_ref": name, "note": "年内已签合同"}
            draw(commit_money, amount=round(approved * COMMITTED, 2), now=now, **source)


def _draw_once(draw: Callable[..., LedgerEntry], **facts: object) -> None:
    with suppress(AlreadyPosted):
        draw(**facts)
