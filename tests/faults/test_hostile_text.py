"""Names that look like markup, on every page that shows them and through the whole path of a name: typed, listed, recorded."""

from contextlib import suppress
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from tests.access.addresses import every_address, undone
from tests.access.world import World, build_world
from tests.admin.clients import logged_in
from tests.factories.accounts import City, make_user
from trainees.models import Cadre

pytestmark = [pytest.mark.django_db, pytest.mark.faults]

MARKUP = "<img src=x onerror=a()>"
SHOWN = "&lt;img src=x onerror=a()&gt;"
TYPED = {
    "name",
    "title",
    "full_name",
    "post",
    "note",
    "reason",
    "description",
    "body",
    "sources",
    "error",
    "message",
    "last_error",
}
# Where a person's or a thing's name must be read; the walk below sees that nothing is left out by showing nothing at all.
MUST_SHOW = {
    *(
        "home:index",
        "jobs:list",
        "jobs:detail",
        "notices:list",
        "trainees:electives",
        "trainees:topic",
        "trainees:credits",
    ),
    *(
        "trainees:credits_offering",
        "trainees:organisation",
        "trainees:organisation_cadres",
        "trainees:organisation_cadre",
    ),
    *("admin:trainees_cadre_changelist", "admin:trainees_cadre_change", "admin:courses_offering_changelist"),
    *(
        "admin:trainees_offeringroster_changelist",
        "admin:trainees_offeringroster_change",
        "admin:trainees_offeringroster_roll_call",
    ),
    *(
        "admin:trainees_offeringroster_enrol",
        "admin:trainees_offeringroster_close",
        "admin:courses_offering_publish",
    ),
    *(
        "admin:trainees_yearlyassessment_changelist",
        "admin:trainees_reportpacket_changelist",
        "admin:audit_auditevent_changelist",
    ),
    *("admin:accounts_user_changelist", "admin:accounts_unit_changelist", "admin:faculty_teacher_changelist"),
    *(
        "admin:budget_budgetline_changelist",
        "admin:jobs_job_changelist",
        "standards:records",
        "trainees:verify",
    ),
}


@pytest.fixture(autouse=True)
def own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def spoil(world: World) -> None:
    """Give everything that people type markup instead, as far as the database lets anybody."""
    for model in world.objects:
        fields = {field.name: field for field in model._meta.concrete_fields if not field.choices}
        for name in TYPED & set(fields):
            for pk in model._base_manager.values_list("pk", flat=True):
                with suppress(DatabaseError), transaction.atomic():
                    text = f"{MARKUP}{pk}<b>&'\"=1+1"[: fields[name].max_length or 200]
                    model._base_manager.filter(pk=pk).update(**{name: text})


def test_markup_in_names_is_text_on_every_page():
    world = build_world()
    spoil(world)
    raw, shown = [], set()
    for reader in (Role.STAFF, Role.AUDITOR, Role.ADMIN, Role.ORGDEPT, Role.TRAINEE, "anonymous"):
        client = Client()
        if (user := world.users[reader]) is not None:
            user.refresh_from_db()
            client.force_login(user)
        for label, address in every_address(world):
            with undone():
                answer = client.get(address)
                body = answer.getvalue().decode(errors="replace")
            if not answer.headers.get("Content-Type", "").startswith("text/html"):
                continue
            if MARKUP in body:
                raw.append(f"{reader} {label}")
            if SHOWN in body:
                shown.add(label.partition("[")[0])
    assert raw == []
    assert sorted(MUST_SHOW - shown) == []


@pytest.mark.parametrize(
    "name",
    [
        MARKUP,
        "=1+1",
        "@SUM(A1)",
        "O'王&\"李",
        "𠮷野家😀",
        "a\u202eb",
        "王\u3000五",
        "-- ; DROP TABLE",
        "a\r\nSet-Cookie: x=1",
    ],
)
def test_name_typed_by_staff_is_kept_and_shown_letter_by_letter(name):
    staff, unit = make_user(Role.STAFF), City().finance_bureau
    client = logged_in(staff)
    data: dict[str, Any] = {
        "code": "K1",
        "name": name,
        "unit": unit.pk,
        "rank": "township_section",
        "post": name,
    }
    data |= {"category": "civil_servant", "joined_on": "2020-01-01"}
    answer = client.post(reverse("admin:trainees_cadre_add"), data)
    assert answer.status_code == 302, answer.context["errors"]
    cadre = Cadre.objects.unscoped("tests").get(code="K1")
    assert (cadre.name, cadre.post) == (name, name)
    (event,) = AuditEvent.objects.unscoped("tests").filter(action="cadre.add")
    assert event.data["changes"]["name"] == [None, name]
    auditor = logged_in(make_user(Role.AUDITOR))
    for page in (
        client.get(reverse("admin:trainees_cadre_change", args=[cadre.pk])),
        client.get(reverse("admin:trainees_cadre_changelist"), {"q": "K1"}),
        auditor.get(reverse("admin:audit_auditevent_change", args=[event.pk])),
    ):
        assert MARKUP not in page.content.decode()
    assert escape(name) in client.get(reverse("admin:trainees_cadre_changelist")).content.decode()


@pytest.mark.parametrize("name", ["a\0b", "", "   ", "x" * 5000])
def test_name_that_is_no_name_is_refused_and_the_rest_kept(name):
    client, unit = logged_in(make_user(Role.STAFF)), City().finance_bureau
    data = {"code": "K1", "name": name, "unit": unit.pk, "rank": "township_section", "post": "<b>主任</b>"}
    data |= {"category": "civil_servant", "joined_on": "2020-01-01"}
    answer = client.post(reverse("admin:trainees_cadre_add"), data)
    assert answer.status_code == 200
    assert "&lt;b&gt;主任&lt;/b&gt;" in answer.content.decode()
    assert not Cadre.objects.unscoped("tests").filter(code="K1").exists()
