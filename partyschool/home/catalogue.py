"""The translation catalogues, kept with Python alone (no gettext programs).

One catalogue is written by hand: ``locale/zh_Hans``. Its English msgids are found in the code and templates of the house, and in those
packages listed in ``locale/third_party.txt`` whose own Chinese Django does not find. Traditional Chinese is derived from it whenever catalogues
are compiled, character by character: the wording stays that of the school.
"""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import opencc
import polib
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from django.apps import apps
from django.utils.translation.template import templatize

HOUSE = ("partyschool", "faculty", "courses", "trainees", "budget", "templates")
CONTEXT = (1, "c")
KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": (CONTEXT, 2),
    "npgettext_lazy": (CONTEXT, 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sdf]|%[sd]|\{\w*\}")
# ASCII marks after a Chinese character, which an input method or a tool left behind.
HALF_WIDTH_MARK = re.compile(r"(?<=[\u4e00-\u9fff\u201d\u300b\uff09])[,;:!?]\s?")
HALF_WIDTH_BRACKETS = re.compile(r"(?<=[\u4e00-\u9fff])\(((?:%\(\w+\)[sdf]|[^()])*)\)")
FULL_WIDTH = str.maketrans(",;:!?", "\uff0c\uff1b\uff1a\uff01\uff1f", " \n")
HEADER = {
    "Project-Id-Version": "partyschool",
    "Language": "zh_Hans",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=1; plural=0;",
}


@dataclass(frozen=True, order=True)
class Key:
    """What tells one message from another."""

    msgid: str
    context: str = ""


@dataclass
class Message:
    """A string to translate, as found in sources."""

    plural: str = ""
    places: set[str] = field(default_factory=set)


@dataclass
class Faults:
    """What keeps the catalogue from being complete; each list holds lines for a reader."""

    missing: list[str] = field(default_factory=list)
    untranslated: list[str] = field(default_factory=list)
    fuzzy: list[str] = field(default_factory=list)
    obsolete: list[str] = field(default_factory=list)
    placeholders: list[str] = field(default_factory=list)
    punctuation: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Every fault, one line each."""
        return [f"{kind}: {line}" for kind, lines in vars(self).items() for line in lines]


class Catalogue:
    """The catalogues of one project folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "locale/zh_Hans/LC_MESSAGES/django.po"

    # -- sources

    def found(self) -> dict[Key, Message]:
        """Every string to translate: of the house, then of packages without usable Chinese."""
        messages: dict[Key, Message] = {}
        for folder in HOUSE:
            _collect(self.root / folder, self.root, messages)
        foreign: dict[Key, Message] = {}
        for package in self._third_party():
            spec = find_spec(package)
            if spec and spec.origin:
                _collect(Path(spec.origin).parent, Path(spec.origin).parent.parent, foreign)
        provided = _chinese_of_django()
        for key, message in foreign.items():
            if key not in messages and key not in provided:
                messages[key] = message
        return messages

    def _third_party(self) -> list[str]:
        path = self.root / "locale/third_party.txt"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]

    # -- catalogue

    def read(self) -> polib.POFile:
        """The catalogue as it is on disk; an empty one when there is none."""
        catalogue = (
            polib.pofile(str(self.path), wrapwidth=0) if self.path.exists() else polib.POFile(wrapwidth=0)
        )
        catalogue.metadata = HEADER
        return catalogue

    def update(self) -> Faults:
        """Write the catalogue anew: translations kept, new strings added, those no source has any more dropped."""
        with self._locked():
            old = {_key(entry): entry for entry in self.read() if not entry.obsolete}
            new = polib.POFile(wrapwidth=0)
            new.metadata = HEADER
            found = self.found()
            for key in sorted(found, key=lambda key: (min(found[key].places), key)):
                new.append(_entry(key, found[key], old.get(key)))
            self.path.parent.mkdir(parents=True, exist_ok=True)
            new.save(str(self.path))
        return self.faults(found)

    def faults(self, found: dict[Key, Message] | None = None) -> Faults:
        """Compare catalogue and sources."""
        found = self.found() if found is None else found
        entries = {_key(entry): entry for entry in self.read() if not entry.obsolete}
        faults = Faults()
        for key, message in found.items():
            entry = entries.get(key)
            where = f"{key.msgid!r} ({min(message.places)})"
            if entry is None:
                faults.missing.append(where)
            elif "fuzzy" in entry.flags:
                faults.fuzzy.append(where)
            elif not _translations(entry) or not all(_translations(entry)):
                faults.untranslated.append(where)
            elif any(not _same_placeholders(entry, text) for text in _translations(entry)):
                faults.placeholders.append(where)
            elif any(full_width(text) != text for text in _translations(entry)):
                faults.punctuation.append(where)
        faults.obsolete.extend(repr(key.msgid) for key in entries if key not in found)
        return faults

    def compile(self) -> None:
        """Write the binary catalogues: Simplified as it stands, Traditional derived from it."""
        with self._locked():
            catalogue = self.read()
            self._write_binary(catalogue, "zh_Hans")
            traditional = opencc.OpenCC("s2t")
            for entry in catalogue:
                entry.msgstr = traditional.convert(entry.msgstr)
                entry.msgstr_plural = {
                    n: traditional.convert(text) for n, text in entry.msgstr_plural.items()
                }
            catalogue.metadata = HEADER | {"Language": "zh_Hant"}
            self._write_binary(catalogue, "zh_Hant")

    def _write_binary(self, catalogue: polib.POFile, locale: str) -> None:
        target = self.root / "locale" / locale / "LC_MESSAGES/django.mo"
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_suffix(".new")
        catalogue.save_as_mofile(str(half))
        half.replace(target)  # a running server never reads half a file

    @contextmanager
    def _locked(self) -> Iterator[None]:
        build = self.root / "build"
        build.mkdir(exist_ok=True)
        with (build / "messages.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def full_width(text: str) -> str:
    """``text`` with Chinese punctuation where ASCII marks follow a Chinese character."""
    text = HALF_WIDTH_BRACKETS.sub("\uff08\\1\uff09", text)
    return HALF_WIDTH_MARK.sub(lambda mark: mark[0].translate(FULL_WIDTH), text)


def _collect(folder: Path, root: Path, messages: dict[Key, Message]) -> None:
    """Add the strings of a folder's Python files and templates to ``messages``; optional parts (``contrib``) are listed by themselves."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in {".py", ".html", ".txt"} or {"migrations", "contrib"} & set(
            path.relative_to(folder).parts
        ):
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix != ".py":
            # What is left of a template are gettext calls on lines of their own; their indentation means nothing.
            text = "\n".join(line.strip() for line in templatize(text, origin=str(path)).splitlines())
        for _, found, _, context in extract(
            "python", BytesIO(text.encode()), keywords=KEYWORDS, options={"encoding": "utf-8"}
        ):
            singular, plural = found[:2] if isinstance(found, tuple) else (found, "")
            if singular:
                message = messages.setdefault(Key(singular, context or ""), Message())
                message.plural = message.plural or plural
                message.places.add(str(path.relative_to(root)))


def _chinese_of_django() -> set[Key]:
    """What Django itself says in Simplified Chinese; of its apps only those that are installed are loaded."""
    root = Path(find_spec("django").origin).parent  # type: ignore[union-attr, arg-type]  # Django is there, and is a package
    loaded = ("conf", *(app.replace(".", "/").removeprefix("django/") for app in _installed_of_django()))
    paths = [root / folder / "locale/zh_Hans/LC_MESSAGES/django.mo" for folder in loaded]
    return {_key(entry) for path in paths if path.exists() for entry in polib.mofile(str(path))}


def _installed_of_django() -> list[str]:
    return [app.name for app in apps.get_app_configs() if app.name.startswith("django.")]


def _key(entry: polib.POEntry | polib.MOEntry) -> Key:
    return Key(entry.msgid, entry.msgctxt or "")


def _entry(key: Key, message: Message, old: polib.POEntry | None) -> polib.POEntry:
    """A catalogue entry for ``message``, with the translation that ``old`` has."""
    entry = polib.POEntry(
        msgid=key.msgid,
        msgctxt=key.context or None,
        msgid_plural=message.plural,
        occurrences=[(place, "") for place in sorted(message.places)],
    )
    texts = _translations(old) if old else []
    text = full_width(texts[0]) if texts else ""
    if message.plural:
        entry.msgstr_plural = {0: text}
    else:
        entry.msgstr = text
    if old:
        entry.flags = [flag for flag in old.flags if flag == "fuzzy"]
        entry.tcomment = old.tcomment
    return entry


def _translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def _same_placeholders(entry: polib.POEntry, text: str) -> bool:
    """Whether a translation fills in what the original does; Chinese has one plural form, which may take either's."""
    wanted = [
        set(PLACEHOLDER.findall(original)) for original in (entry.msgid, entry.msgid_plural) if original
    ]
    return set(PLACEHOLDER.findall(text)) in wanted
