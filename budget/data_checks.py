"""Balances say what the ledger says."""

from collections.abc import Iterator

from partyschool.common.integrity import data_check, rows


@data_check("budget.balances")
def balances_are_ledger_sums() -> Iterator[str]:
    """What a line's balance calls drawn is the sum of its entries, within the approved money; each entry bears its line's year."""
    sums = """SELECT l.id, l.year, l.code, b.approved, b.drawn, coalesce(e.total, 0)
              FROM budget_budgetline l LEFT JOIN budget_linebalance b ON b.line_id = l.id
              LEFT JOIN (SELECT line_id, sum(amount) AS total FROM budget_ledgerentry GROUP BY 1) e ON e.line_id = l.id
              WHERE b.line_id IS NULL OR b.drawn <> coalesce(e.total, 0) OR b.drawn < 0 OR b.drawn > b.approved ORDER BY l.id"""
    for pk, year, code, approved, drawn, total in rows(sums):
        if approved is None:
            yield f"budget.BudgetLine {pk} ({year} {code}): has no balance"
        elif drawn != total:
            yield f"budget.BudgetLine {pk} ({year} {code}): drawn is {drawn}, the entries sum to {total}"
        else:
            yield f"budget.BudgetLine {pk} ({year} {code}): drawn is {drawn} of {approved} approved"
    years = """SELECT e.id, e.year, l.year FROM budget_ledgerentry e JOIN budget_budgetline l ON l.id = e.line_id
               WHERE e.year <> l.year ORDER BY e.id"""
    for pk, year, line_year in rows(years):
        yield f"budget.LedgerEntry {pk}: year {year} on a line of {line_year}"
