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


@data_check("accounts.unit_history")
def units_are_as_their_history_says() -> Iterator[str]:
    """Place, name and existence of a unit are those of the last line of its history that speaks of them."""
    sql = """SELECT u.id, u.code, h.to_parent_id, p.id FROM accounts_unit u
             JOIN LATERAL (SELECT to_parent_id FROM accounts_unitchange WHERE unit_id = u.id AND kind IN ('created', 'moved', 'merged')
                           ORDER BY id DESC LIMIT 1) h ON true
             LEFT JOIN accounts_unit p ON u.depth > 1 AND p.path = left(u.path, -%(step)s)
             WHERE h.to_parent_id IS DISTINCT FROM p.id ORDER BY u.id"""
    for pk, code, told, found in rows(sql, {"step": Unit.steplen}):
        yield f"accounts.Unit {pk} ({code}): stands under unit {found}, its history says {told}"
    sql = """SELECT u.id, u.code, u.name, h.new_name FROM accounts_unit u
             JOIN LATERAL (SELECT new_name FROM accounts_unitchange WHERE unit_id = u.id AND kind = 'renamed'
                           ORDER BY id DESC LIMIT 1) h ON true
             WHERE h.new_name <> u.name ORDER BY u.id"""
    for pk, code, name, told in rows(sql):
        yield f"accounts.Unit {pk} ({code}): is called {name}, its history says {told}"
    sql = """SELECT u.id, u.code, u.closed_on, h.kind FROM accounts_unit u
             JOIN LATERAL (SELECT kind FROM accounts_unitchange WHERE unit_id = u.id AND kind IN ('created', 'closed', 'merged', 'reopened')
                           ORDER BY id DESC LIMIT 1) h ON true
             WHERE (u.closed_on IS NOT NULL) <> (h.kind IN ('closed', 'merged')) ORDER BY u.id"""
    for pk, code, closed_on, kind in rows(sql):
        yield f"accounts.Unit {pk} ({code}): closed on {closed_on}, its history says {kind}"
