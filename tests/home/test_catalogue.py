"""The translation catalogues: kept, checked, compiled and derived without gettext's programs."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest
from django.conf import settings

from partyschool.home.catalogue import Catalogue, full_width


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """A small project with strings of every kind."""
    (tmp_path / "courses").mkdir()
    (tmp_path / "courses/words.py").write_text(
        "from django.utils.translation import gettext_lazy as _, ngettext, pgettext_lazy\n"
        '_("Course "\n  "plan")\n'
        'ngettext("%(n)s seat", "%(n)s seats", 2)\n'
        'pgettext_lazy("month", "May")\n'
    )
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/page.html").write_text(
        "{% load i18n %}\n  <p title=\"{% translate 'Don’t close' %}\">{{ _('Roster') }}\n"
        "    {% blocktranslate trimmed with name=user.name count n=seats %}\n      One seat for {{ name }}\n"
        "    {% plural %}{{ n }} seats for {{ name }}{% endblocktranslate %}</p>\n"
    )
    return Catalogue(tmp_path)


def translate(catalogue: Catalogue, **texts: str) -> None:
    """Write translations: msgid with underscores for blanks."""
    file = catalogue.read()
    for name, text in texts.items():
        entry = file.find(name.replace("_", " "))
        assert entry is not None
        entry.msgstr = text
    file.save(str(catalogue.path))


def test_strings_are_found_in_code_and_templates(catalogue: Catalogue) -> None:
    found = {(key.msgid, key.context, message.plural) for key, message in catalogue.found().items()}
    assert found == {
        ("Course plan", "", ""),
        ("%(n)s seat", "", "%(n)s seats"),
        ("May", "month", ""),
        ("Don’t close", "", ""),
        ("Roster", "", ""),
        ("One seat for %(name)s", "", "%(n)s seats for %(name)s"),
    }


def test_update_keeps_translations_and_drops_what_no_source_has(catalogue: Catalogue) -> None:
    catalogue.update()
    translate(catalogue, Roster="花名册", Course_plan="培训计划")
    (catalogue.root / "courses/words.py").write_text('from x import gettext as _\n_("Session")\n')
    catalogue.update()
    entries = {entry.msgid: entry.msgstr for entry in catalogue.read()}
    assert entries["Roster"] == "花名册"
    assert entries["Session"] == ""
    assert "Course plan" not in entries


def test_every_kind_of_fault_is_told(catalogue: Catalogue) -> None:
    catalogue.update()
    file = catalogue.read()
    for entry in file:
        entry.msgstr, entry.msgstr_plural = ("", {0: "共%(n)s个名额"}) if entry.msgid_plural else ("好", {})
    one_seat = file.find("One seat for %(name)s")
    roster, session = file.find("Roster"), polib.POEntry(msgid="Gone", msgstr="没了")
    assert one_seat is not None
    assert roster is not None
    one_seat.msgstr_plural = {0: "名额"}
    roster.flags = ["fuzzy"]
    file.append(session)
    file.save(str(catalogue.path))
    translate(catalogue, Course_plan="计划,总")
    faults = catalogue.faults()
    assert faults.lines() == [
        "fuzzy: 'Roster' (templates/page.html)",
        "obsolete: 'Gone'",
        "placeholders: 'One seat for %(name)s' (templates/page.html)",
        "punctuation: 'Course plan' (courses/words.py)",
    ]


def test_compiling_derives_traditional_from_simplified(catalogue: Catalogue) -> None:
    catalogue.update()
    translate(catalogue, Roster="学员花名册")
    catalogue.compile()
    compiled = {
        locale: polib.mofile(str(catalogue.root / f"locale/{locale}/LC_MESSAGES/django.mo")).find("Roster")
        for locale in ("zh_Hans", "zh_Hant")
    }
    assert {locale: entry and entry.msgstr for locale, entry in compiled.items()} == {
        "zh_Hans": "学员花名册",
        "zh_Hant": "學員花名冊",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第%(n)s页(共%(m)s页)", "第%(n)s页（共%(m)s页）"),
        ("已满,请另选!", "已满，请另选！"),
        ("时间:12:30", "时间：12:30"),
        ("见 https://a.example/b?c=1", "见 https://a.example/b?c=1"),
    ],
)
def test_marks_after_chinese_become_chinese_marks(text: str, expected: str) -> None:
    assert full_width(text) == expected


def test_catalogue_of_the_portal_is_complete() -> None:
    assert Catalogue(settings.BASE_DIR).faults().lines() == []
