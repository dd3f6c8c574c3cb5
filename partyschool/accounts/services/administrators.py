"""The first system administrator: whoever installs the portal makes one, and everybody else gets an account in the portal."""

from datetime import datetime

from django.db import IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant, User
from partyschool.common import clock
from partyschool.common.deeds import tell
from partyschool.common.errors import Duplicate, InvalidInput
from partyschool.common.locking import locking_transaction

from .passwords import new_start_password


class LoginNameTaken(Duplicate):
    """Somebody has this login name already."""

    code = "login_name_taken"
    title = gettext_lazy("This login name is taken")
    remedy = gettext_lazy("Choose another login name.")


def create_administrator(*, username: str, full_name: str, now: datetime | None = None) -> str:
    """Make an account that holds the system administrator's role from today on; returns its start password, once.

    For whoever runs the portal's machine: nobody stands behind it in the portal, so the audit event names no actor.
    Raises `InvalidInput` without a login name, `LoginNameTaken`.
    Concurrency: no lock; the unique login name decides between rivals.
    """
    username = username.strip()
    if not username:
        raise InvalidInput(_("A login name is needed."))
    password = new_start_password()
    try:
        with locking_transaction():
            user = User.objects.create_user(
                username, password, full_name=full_name.strip() or username, must_change_password=True
            )
            RoleGrant.objects.create(user=user, role=Role.ADMIN, valid_from=clock.school_date(now))
            tell(action="user.create_administrator", subject=user, by=None)
    except IntegrityError as error:
        raise LoginNameTaken(username) from error
    return password
