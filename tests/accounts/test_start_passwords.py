"""A start password opens one page: the one that replaces it."""

import pytest
from django.test import Client
from django.urls import reverse

from courses.models import Room
from partyschool.accounts.enums import Role
from partyschool.accounts.services.passwords import issue_start_password
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db(transaction=True)
OWN = "a-long-password-of-my-own"


@pytest.fixture
def owner():
    return make_user(Role.STAFF, full_name="新教务")


@pytest.fixture
def start_password(owner) -> str:
    return issue_start_password(user_id=owner.pk, by=make_user(Role.ADMIN))


@pytest.fixture
def client(owner, start_password) -> Client:
    client = Client()
    answer = client.post(
        reverse("accounts:login"), {"username": owner.username, "password": start_password}, follow=True
    )
    assert answer.redirect_chain[-1] == (reverse("accounts:password_change"), 302)
    return client


def _change(client: Client, old: str, new: str):
    data = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post(reverse("accounts:password_change"), data)


@pytest.mark.parametrize("path", ["/", "/admin/", "/admin/courses/offering/", "/notices/"])
def test_every_page_leads_to_the_change(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, reverse("accounts:password_change"))


def test_a_fragment_leads_to_the_change(client):
    answer = client.get("/notices/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == reverse("accounts:password_change")


def test_a_deed_is_not_done_before(client, owner):
    assert (
        client.post("/admin/courses/room/add/", {"code": "R1", "name": "教室", "seats": 3}).status_code == 302
    )
    assert Room.objects.count() == 0


def test_public_pages_and_the_way_out_stay_open(client):
    assert client.get("/verify/").status_code == 200
    assert client.post(reverse("accounts:logout")).status_code == 200


def test_the_page_says_why_and_the_new_password_sets_free(client, owner, start_password):
    page = client.get(reverse("accounts:password_change")).content.decode()
    assert "您使用的是初始密码" in page
    answer = _change(client, start_password, OWN)
    assert (answer.status_code, answer["Location"]) == (302, reverse("accounts:password_changed"))
    owner.refresh_from_db()
    assert owner.must_change_password is False
    assert client.get("/admin/").status_code == 200


def test_the_start_password_is_not_a_new_one(client, owner, start_password):
    answer = _change(client, start_password, start_password)
    assert answer.status_code == 200
    assert answer.context["form"].errors["new_password1"] == ["新密码与原密码相同。"]
    owner.refresh_from_db()
    assert owner.must_change_password is True


def test_a_password_of_ones_own_is_not_asked_for_again(db):
    owner = make_user(Role.STAFF)
    client = Client()
    client.force_login(owner)
    assert client.get("/admin/").status_code == 200
