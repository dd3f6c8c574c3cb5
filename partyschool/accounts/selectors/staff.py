"""Whoever stands behind what a command does."""

from django.utils.translation import gettext as _

from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant, User
from partyschool.common import clock
from partyschool.common.errors import NotFound


def acting_staff(login: str | None) -> User:
    """The active member of staff with login name `login`, or the first in the register; commands act for staff only, as the portal does.

    Raises `NotFound`.
    """
    staff = RoleGrant.objects.valid_on(clock.school_date()).filter(role=Role.STAFF).values("user")
    users = User.objects.filter(pk__in=staff, is_active=True).order_by("pk")
    found = users.filter(username=login).first() if login else users.first()
    if found is None:
        raise NotFound(
            _("“%(login)s” is no member of staff.") % {"login": login}
            if login
            else _("There is no member of staff yet.")
        )
    return found
