"""How far a user sees: the roles held, and the subtrees of units they hold for the unit-bound ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from .enums import UNIT_BOUND_ROLES, Role

ADMIN_ROLES = frozenset({Role.STAFF, Role.FINANCE, Role.AUDITOR, Role.ADMIN})
# Roles that work for the whole school and so see every person of it.
WHOLE_SCHOOL_ROLES = frozenset({Role.STAFF, Role.LEADER, Role.AUDITOR})


@dataclass(frozen=True)
class Scope:
    """`unit_paths` are treebeard paths: a unit is in scope if its path starts with one of them."""

    user_id: int | None = None
    roles: frozenset[str] = frozenset()
    unit_paths: tuple[str, ...] = field(default=())

    @classmethod
    def from_grants(cls, user_id: int, grants: Iterable[Mapping[str, str | None]]) -> "Scope":
        """From rows of `role` and `path`; a unit-bound role without a unit grants nothing."""
        roles, paths = set(), set()
        for grant in grants:
            role, path = grant["role"], grant["path"]
            if role in UNIT_BOUND_ROLES:
                if not path:
                    continue
                paths.add(path)
            roles.add(str(role))
        return cls(user_id, frozenset(roles), tuple(sorted(paths)))

    def has(self, *roles: str) -> bool:
        return not self.roles.isdisjoint(roles)

    @property
    def whole_school(self) -> bool:
        return not self.roles.isdisjoint(WHOLE_SCHOOL_ROLES)

    @property
    def enters_admin(self) -> bool:
        return not self.roles.isdisjoint(ADMIN_ROLES)

    def unit_condition(self, path_lookup: str) -> Q:
        """Rows whose unit (its path reached by `path_lookup`, e.g. `"cadre__unit__path"`) lies in this scope."""
        if self.whole_school:
            return Q()
        condition = Q(pk__in=[])
        for path in self.unit_paths:
            condition |= Q(**{f"{path_lookup}__startswith": path})
        return condition
