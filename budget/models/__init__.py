from .entries import LedgerEntry
from .lines import BudgetLine, LineBalance

__all__ = ["BudgetLine", "LedgerEntry", "LineBalance"]
