"""Codes of the database are never what a page shows."""

from html.parser import HTMLParser

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from partyschool.accounts.enums import Role
from partyschool.standards.selectors.board import indicator_labels
from tests.admin.clients import logged_in
from tests.admin.rows import MAKERS
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db


class _Texts(HTMLParser):
    """All texts of a page outside of scripts, styles, icons and the options of selects."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self.skipped = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        icon = "material-symbols" in (dict(attrs).get("class") or "")
        if not self.skipped and (icon or tag in {"script", "style", "select", "head"}):
            self.skipped = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self.skipped:
            self.skipped = ""

    def handle_data(self, data: str) -> None:
        if not self.skipped and data.strip():
            self.texts.add(data.strip())


def _codes() -> set[str]:
    fields = (field for model in apps.get_models() for field in model._meta.get_fields())
    chosen = {str(code) for field in fields for code, _label in getattr(field, "flatchoices", None) or ()}
    return {code for code in chosen if code.isascii() and not code.isdecimal() and code} | set(
        indicator_labels()
    )


@pytest.mark.parametrize("label", sorted(MAKERS))
def test_lists_and_records_show_words(label, city):
    model = apps.get_model(label)
    made = MAKERS[label]()
    role = Role.ADMIN if label.startswith("accounts.") else Role.AUDITOR
    client = logged_in(make_user(role))
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert model in admin.site._registry
    for page in (reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[made.pk])):
        answer = client.get(page)
        assert answer.status_code == 200
        texts = _Texts(answer.content.decode()).texts
        assert sorted(texts & _codes()) == []
        assert [text for text in texts if text.startswith("('")] == []
