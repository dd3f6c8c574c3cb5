"""The first system administrator of an empty portal."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant, User
from partyschool.accounts.services.administrators import LoginNameTaken, create_administrator
from partyschool.audit.models import AuditEvent
from partyschool.common.errors import InvalidInput

pytestmark = pytest.mark.django_db


def test_command_prints_the_password_that_logs_in(client):
    out = StringIO()
    call_command("create_admin", "root", name="王管理", stdout=out)
    login, password, _advice = out.getvalue().splitlines()
    assert login == "Login name: root"
    answer = client.post(
        reverse("accounts:login"), {"username": "root", "password": password.removeprefix("Start password: ")}
    )
    assert answer.status_code == 302
    new = {"new_password1": "a-long-password-of-my-own", "new_password2": "a-long-password-of-my-own"}
    old = {"old_password": password.removeprefix("Start password: ")}
    assert client.get("/admin/accounts/user/")["Location"] == reverse("accounts:password_change")
    assert client.post(reverse("accounts:password_change"), {**old, **new}).status_code == 302
    assert client.get("/admin/accounts/user/").status_code == 200


def test_administrator_holds_that_role_alone_and_is_on_record():
    create_administrator(username=" root ", full_name="")
    user = User.objects.get()
    assert (user.username, user.full_name) == ("root", "root")
    assert list(RoleGrant.objects.values_list("user", "role", "unit", "valid_until")) == [
        (user.pk, Role.ADMIN, None, None)
    ]
    event = AuditEvent.objects.unscoped("tests").get()
    assert (event.action, event.subject, event.actor) == (
        "user.create_administrator",
        f"accounts.user:{user.pk}",
        None,
    )


def test_taken_login_name_is_refused_and_changes_nothing():
    create_administrator(username="root", full_name="")
    before = User.objects.get().password
    with pytest.raises(CommandError, match="root"):
        call_command("create_admin", "root", stdout=StringIO())
    with pytest.raises(LoginNameTaken):
        create_administrator(username="root", full_name="")
    assert [user.password for user in User.objects.all()] == [before]


def test_login_name_is_needed():
    with pytest.raises(InvalidInput):
        create_administrator(username="  ", full_name="王管理")
