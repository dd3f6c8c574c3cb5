"""Which roles one person may hold together."""

from collections.abc import Iterable

from .enums import Role

# The system administrator gives rights and the auditor watches; neither does the work that is watched, nor the other's.
APART = {
    Role.ADMIN: frozenset({Role.STAFF, Role.FINANCE, Role.LEADER, Role.ORGDEPT, Role.AUDITOR}),
    Role.AUDITOR: frozenset({Role.STAFF, Role.FINANCE, Role.ADMIN}),
}


def roles_against(role: str, held: Iterable[str]) -> list[str]:
    """The roles among `held` that whoever holds `role` may not hold."""
    others = set(held)
    return sorted(
        other
        for other in others
        if other in APART.get(role, ()) or role in APART.get(other, ())  # type: ignore[call-overload]  # plain strings equal enum members
    )
