"""Start passwords: made by the portal, shown once, to be changed by their owner before anything else."""

import secrets

from django.utils.translation import gettext_lazy as _

from partyschool.accounts.models import User
from partyschool.common.deeds import tell
from partyschool.common.errors import DomainError
from partyschool.common.locking import lock_row, locking_transaction

# No 0/O, 1/l/I: the password is read from paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 4, 4


class OwnPassword(DomainError):
    """Administrators change their own password like everybody else."""

    code = "own_password"
    title = _("This is your own account")
    remedy = _("Change your password on the password page.")


def new_start_password() -> str:
    """A random password of 16 characters in groups of four, about 79 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))


def issue_start_password(*, user_id: int, by: User) -> str:
    """Set a new random password for a user and return it, once; the user's sessions end with the old one.

    Raises `OwnPassword`, `User.DoesNotExist`.
    Concurrency: the user row is locked.
    """
    if user_id == by.pk:
        raise OwnPassword
    password = new_start_password()
    with locking_transaction():
        user = lock_row(User, user_id)
        user.set_password(password)
        user.must_change_password = True
        user.save(update_fields=["password", "must_change_password"])
        tell(action="user.start_password", subject=user, by=by)
    return password
