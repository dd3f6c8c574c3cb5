"""Who may open a view. Every view declares it; a system check refuses to start with one that does not.

`@policy(Role.STAFF, Role.LEADER)` lets these roles in, `@policy()` every logged-in user, `@policy(public=True)` everyone.
Which rows they then see is decided by `visible_to`, not here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


@dataclass(frozen=True)
class Policy:
    roles: frozenset[str] = frozenset()
    public: bool = False

    def admit(self, request: HttpRequest) -> None:
        """Raises `PermissionDenied` for a logged-in user without one of the roles."""
        if self.public or not self.roles:
            return
        if request.user.is_authenticated and not request.user.scope.has(*self.roles):
            raise PermissionDenied


def policy(*roles: str, public: bool = False) -> Callable[[Any], Any]:
    """Declare the policy of a view function, a `as_view()` result or a view class."""
    declared = Policy(frozenset(roles), public)

    def declare(view: Any) -> Any:
        view.policy = declared
        view.login_required = not public
        return view

    return declare


def policy_of(view: Any) -> Policy | None:
    """The declared policy of a resolved view callable, or None."""
    found = getattr(view, "policy", None) or getattr(getattr(view, "view_class", None), "policy", None)
    return found if isinstance(found, Policy) else None
