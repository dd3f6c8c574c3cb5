"""Who works on an assignment: officers for the quotas of their units, organisation departments for their jurisdictions."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import StrIndex

from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant, Unit, User
from partyschool.common import clock
from trainees.models import AssignmentQuota, Cadre, Deferral, Nomination


def paths_as(user: Any, role: str) -> tuple[str, ...]:
    """The subtrees for which `user` holds `role` today. One query, none for somebody without the role.

    The scope of a user joins the subtrees of all roles; here it matters which role they are held for: who decides in one place does not
    decide where only nominating is the task.
    """
    if not user.scope.has(role):
        return ()
    grants = RoleGrant.objects.valid_on(clock.school_date()).filter(user=user.pk, role=role)
    return tuple(grants.order_by("unit__path").values_list("unit__path", flat=True))


def under(paths: Iterable[str], lookup: str) -> Q:
    """Rows whose unit (its path reached by `lookup`) lies in one of these subtrees; none for no subtree."""
    condition = Q(pk__in=[])
    for path in paths:
        condition |= Q(**{f"{lookup}__startswith": path})
    return condition


def within(path: str, paths: Iterable[str]) -> bool:
    """Whether the unit of `path` lies in one of these subtrees."""
    return any(path.startswith(one) for one in paths)


def own_quotas(user: Any) -> QuerySet[AssignmentQuota]:
    """The quotas that `user` fills as an officer."""
    return AssignmentQuota.objects.filter(under(paths_as(user, Role.OFFICER), "unit__path"))


def decided_by(user: Any) -> QuerySet[Nomination]:
    """The nominations of people in whose jurisdiction `user` decides as the organisation department."""
    found = Nomination.objects.visible_to(user)
    return found.filter(under(paths_as(user, Role.ORGDEPT), "cadre__unit__path"))


def nominated_by_units_of(user: Any) -> QuerySet[Nomination]:
    """The nominations within the quotas that `user` fills as an officer, and of own people who were called by name."""
    paths = paths_as(user, Role.OFFICER)
    own = under(paths, "quota__unit__path") | (Q(quota=None) & under(paths, "cadre__unit__path"))
    return Nomination.objects.visible_to(user).filter(own)


def deferrals_decided_by(user: Any) -> QuerySet[Deferral]:
    """The deferrals that `user` decides as the organisation department."""
    found = Deferral.objects.visible_to(user)
    return found.filter(under(paths_as(user, Role.ORGDEPT), "nomination__cadre__unit__path"))


def callable_by(user: Any) -> QuerySet[Cadre]:
    """The people whom `user` may call by name as the organisation department."""
    return Cadre.objects.visible_to(user).filter(under(paths_as(user, Role.ORGDEPT), "unit__path"))


def holders(role: str, unit: Unit) -> list[User]:
    """Active users who hold `role` today for `unit` or a unit above it."""
    grants = RoleGrant.objects.valid_on(clock.school_date()).filter(role=role)
    above = grants.annotate(place=StrIndex(Value(unit.path), F("unit__path"))).filter(place=1)
    return list(User.objects.filter(is_active=True, pk__in=above.values("user")).order_by("pk"))
