"""Roles that watch each other stay apart on every path, whatever the pages check before."""

from datetime import date
from functools import partial
from itertools import permutations

import pytest
from django.db import IntegrityError, transaction

from partyschool.accounts.enums import UNIT_BOUND_ROLES, Role
from partyschool.accounts.models import RoleGrant, User
from partyschool.accounts.rules import roles_against
from partyschool.common.locking import violated_constraint
from tests.concurrency.rivals import compete
from tests.factories.accounts import UserFactory, make_unit

pytestmark = pytest.mark.django_db


def grant(user: User, role: str, start: date, end: date | None = None, unit=None) -> str:
    """Which rule refused the grant, or ''."""
    bound = unit or make_unit() if role in UNIT_BOUND_ROLES else None
    try:
        with transaction.atomic():
            RoleGrant.objects.create(user=user, role=role, unit=bound, valid_from=start, valid_until=end)
    except IntegrityError as error:
        return violated_constraint(error)
    return ""


@pytest.mark.parametrize(("held", "wanted"), list(permutations(Role.values, 2)))
def test_the_database_keeps_apart_what_the_rules_keep_apart(held, wanted):
    user = UserFactory()
    assert grant(user, held, date(2026, 1, 1)) == ""
    refused = grant(user, wanted, date(2026, 5, 1))
    assert refused == ("accounts_rolegrant_apart_tg" if roles_against(wanted, [held]) else "")


def test_one_after_the_other_is_no_watching_of_oneself():
    user = UserFactory()
    assert grant(user, Role.STAFF, date(2024, 1, 1), date(2025, 12, 31)) == ""
    assert grant(user, Role.AUDITOR, date(2025, 12, 31)) == "accounts_rolegrant_apart_tg"
    assert grant(user, Role.AUDITOR, date(2026, 1, 1)) == ""
    with pytest.raises(IntegrityError), transaction.atomic():
        user.grants.filter(role=Role.STAFF).update(valid_until=None)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_two_given_at_once_one_is_refused():
    for _time in range(5):
        user = UserFactory()
        outcomes = compete(
            [partial(grant, user, role, date(2026, 1, 1)) for role in (Role.ADMIN, Role.AUDITOR)]
        )
        assert sorted(outcomes) == ["", "accounts_rolegrant_apart_tg"]
