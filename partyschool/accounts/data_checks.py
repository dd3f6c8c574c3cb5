"""The unit tree, by whose paths scope is decided, is a tree."""

from collections.abc import Iterator

from partyschool.accounts.models import Unit
from partyschool.common.integrity import data_check, rows


@data_check("accounts.tree")
def tree_is_whole() -> Iterator[str]:
    """Every unit but a root has its parent, knows its depth and counts its children rightly."""
    sql = """SELECT u.id, u.code, u.depth, length(u.path) / %(step)s, u.numchild,
                    (SELECT count(*) FROM accounts_unit c
                     WHERE c.path LIKE u.path || '%%' AND length(c.path) = length(u.path) + %(step)s),
                    u.depth = 1 OR EXISTS (SELECT FROM accounts_unit p WHERE p.path = left(u.path, length(u.path) - %(step)s))
             FROM accounts_unit u ORDER BY u.path"""
    for pk, code, depth, steps, numchild, children, has_parent in rows(sql, {"step": Unit.steplen}):
        if not has_parent:
            yield f"accounts.Unit {pk} ({code}): its parent is missing"
        if depth != steps:
            yield f"accounts.Unit {pk} ({code}): depth is {depth}, its path says {steps}"
        if numchild != children:
            yield f"accounts.Unit {pk} ({code}): counts {numchild} children, has {children}"
