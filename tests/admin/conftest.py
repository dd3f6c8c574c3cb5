import pytest
from django.test import Client

from tests.admin.clients import logged_in


@pytest.fixture
def city(db):
    from tests.factories.accounts import City

    return City()


@pytest.fixture
def staff(db):
    from partyschool.accounts.enums import Role
    from tests.factories.accounts import make_user

    return make_user(Role.STAFF, full_name="教务老师")


@pytest.fixture
def staff_client(staff) -> Client:
    return logged_in(staff)


@pytest.fixture
def auditor_client(db) -> Client:
    from partyschool.accounts.enums import Role
    from tests.factories.accounts import make_user

    return logged_in(make_user(Role.AUDITOR, full_name="审计员"))


@pytest.fixture
def admin_user(db):
    from partyschool.accounts.enums import Role
    from tests.factories.accounts import make_user

    return make_user(Role.ADMIN, full_name="系统管理员")


@pytest.fixture
def admin_client(admin_user) -> Client:
    return logged_in(admin_user)
