"""Files that want to break whoever opens them: each is refused with a reason, in bounded time and memory, or read as what it is."""

import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zipfile
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partyschool.common.sheets import (
    CHILD,
    FileTooLarge,
    Limits,
    PasswordProtected,
    SheetReader,
    UnreadableFile,
)
from tests.factories.imports import person, text_file, workbook

pytestmark = pytest.mark.faults

GOOD = workbook([person(1, "U0001")])
SMALL = Limits(seconds=10)


def read(content: bytes, limits: Limits = SMALL) -> list[list[list[object]]]:
    """All rows of all sheets."""
    with SheetReader(content, limits) as reader:
        return [[row for chunk in sheet.chunks() for row in chunk] for sheet in reader.sheets()]


def memory() -> int:
    """Bytes that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def refused(content: bytes, kind: type[UnreadableFile] = UnreadableFile, limits: Limits = SMALL) -> str:
    with pytest.raises(kind) as caught:
        read(content, limits)
    assert type(caught.value) is kind
    assert str(caught.value.what_to_do)
    return str(caught.value.facts)


def changed(parts: dict[str, bytes | None], *, extra: dict[str, bytes] | None = None) -> bytes:
    """The good workbook with other parts, or without them (None)."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = parts.get(name, old.read(name))
            if content is not None:
                new.writestr(name, content)
        for name, content in (extra or {}).items():
            new.writestr(name, content)
    return made.getvalue()


def sheet_xml(cells: str, head: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{cells}</sheetData></worksheet>"
    ).encode()


SHEET = "xl/worksheets/sheet1.xml"


def test_the_good_one_is_read():
    assert len(read(GOOD)[0]) == 2


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b"", UnreadableFile, id="nothing"),
        pytest.param(b"  \n", UnreadableFile, id="blanks"),
        pytest.param(b"PK\x03\x04" + b"x" * 400, UnreadableFile, id="only the name of an archive"),
        pytest.param(GOOD[: len(GOOD) // 2], UnreadableFile, id="cut off"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096), UnreadableFile, id="only the name of an old workbook"),
        pytest.param(
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + "EncryptedPackage".encode("utf-16-le") + bytes(512),
            PasswordProtected,
            id="encrypted",
        ),
        pytest.param(b"\x7fELF\x02\x01\x01\0" + bytes(200), UnreadableFile, id="a program"),
        pytest.param(b"%PDF-1.7\n\0\0\xff\xff", UnreadableFile, id="a document"),
        pytest.param("姓名\n".encode("gbk") + b"\xff\xff\n", UnreadableFile, id="no encoding"),
        pytest.param(b"\xff\xfe\x00", UnreadableFile, id="half a character"),
        pytest.param(b'a,b\n"' + b"x" * 40_000, UnreadableFile, id="a cell without end"),
        pytest.param(changed({"xl/workbook.xml": None}), UnreadableFile, id="an archive of something else"),
        pytest.param(changed({SHEET: b"<worksheet><sheetData><row"}), UnreadableFile, id="a sheet cut off"),
        pytest.param(changed({}, extra={"../../etc/cron.d/x": b"x"}), UnreadableFile, id="a part that climbs"),
        pytest.param(changed({}, extra={"/etc/x": b"x"}), UnreadableFile, id="a part from the root"),
        pytest.param(changed({}, extra={"xl\\x.xml": b"x"}), UnreadableFile, id="a part with another separator"),
        pytest.param(changed({}, extra={"xl/vbaProject.bin": b"x"}), UnreadableFile, id="macros"),
        pytest.param(
            changed({SHEET: sheet_xml("", '<!DOCTYPE a [<!ENTITY b "c">]>')}), UnreadableFile, id="entities"
        ),
        pytest.param(changed({}, extra={f"x{n}": b"" for n in range(200)}), FileTooLarge, id="many parts"),
        pytest.param(changed({}, extra={"xl/media/x.png": bytes(60 << 20)}), FileTooLarge, id="a bomb"),
        pytest.param(changed({}, extra={f"x{n}.xml": bytes(9 << 20) for n in range(8)}), FileTooLarge, id="bombs"),
        pytest.param(bytes(11 << 20), FileTooLarge, id="a large upload"),
        pytest.param(b"a,b\n" * 20_021, FileTooLarge, id="many lines"),
        pytest.param(b",".join([b"x"] * 61), FileTooLarge, id="many columns"),
    ],
)  # fmt: skip
def test_refused_with_a_reason(content, kind):
    refused(content, kind)


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param('<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', id="the last cell"),
        pytest.param('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>', id="the last column"),
        pytest.param('<row r="1"><c r="A1"><v>1</v></c></row><row r="900000"><c r="A900000"><v>1</v></c></row>', id="a far row"),
        pytest.param(
            '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>', id="both corners"
        ),
        pytest.param("<row><c><v>1</v></c></row>" * 300_000, id="rows without a number"),
        pytest.param(f"<row>{'<c><v>1</v></c>' * 300_000}</row>", id="a row without end"),
    ],
)  # fmt: skip
def test_a_sheet_that_reaches_too_far_is_refused(cells):
    content = changed({SHEET: sheet_xml(cells)})
    refused(content, FileTooLarge, replace(SMALL, ratio=10_000))


def test_formats_without_cells_reach_nowhere():
    cells = '<row r="1"><c r="A1"><v>1</v></c></row>' + "".join(
        f'<row r="{n}" s="1"/>' for n in range(2, 90_000, 100)
    )
    assert read(changed({SHEET: sheet_xml(cells)}), replace(SMALL, ratio=10_000))[0][0][0] == 1.0


def test_a_sheet_that_says_less_than_it_holds_is_counted_as_it_is():
    xml = sheet_xml('<row r="30000"><c r="A30000"><v>1</v></c></row>').replace(
        b"<sheetData>", b'<dimension ref="A1:A2"/><sheetData>'
    )
    assert "30000" in refused(changed({SHEET: xml}), FileTooLarge)


def test_unpacked_size_is_what_comes_out_and_not_what_the_archive_says():
    content = bytearray(changed({}, extra={"zz.bin": bytes(60 << 20)}))
    directory = content.rindex(b"PK\x01\x02", 0, content.rindex(b"zz.bin"))
    content[directory + 24 : directory + 28] = (10).to_bytes(4, "little")  # the size it claims
    refused(bytes(content), UnreadableFile)


def test_memory_of_the_reader_is_bounded():
    """Twelve million cells in a row: far more than the reader may hold, and nobody else feels it."""
    content = changed({SHEET: sheet_xml(f"<row>{'<c><v>1</v></c>' * 1_500_000}</row>")})
    limits = replace(SMALL, ratio=10_000, memory=160 << 20, seconds=60)
    before = memory()
    refused(content, FileTooLarge, limits)
    assert memory() - before < 60 << 20


def test_time_of_the_reader_is_bounded_and_it_is_gone_afterwards():
    reader = SheetReader(text_file([person(1, "U0001")]), replace(SMALL, seconds=1))
    begun = time.monotonic()
    with reader:
        os.kill(reader._process.pid, signal.SIGSTOP)
        with pytest.raises(FileTooLarge):
            list(reader.sheets())
    assert time.monotonic() - begun < 5
    assert reader._process.returncode is not None


def test_a_reader_that_is_left_halfway_is_gone():
    with SheetReader(workbook([person(n, "U0001") for n in range(3000)])) as reader:
        sheet = next(reader.sheets())
        next(sheet.chunks())
        process = reader._process
    assert process.returncode is not None
    assert threading.active_count() < 20


def test_the_reader_can_neither_write_files_nor_start_programs(tmp_path: Path):
    """Its limits, asked of a program that does what an attacker would, run in its place."""
    attack = (
        CHILD.read_text()
        .replace("    content = sys.stdin.buffer.read()\n", "    attack()\n")
        .replace(
            "def main()",
            f"""def attack():
    import subprocess
    for deed in (lambda: open({str(tmp_path / "x")!r}, "w").write("x" * 9000), lambda: subprocess.run(["true"])):
        try:
            deed()
            say("done")
        except OSError:
            say("refused")
    sys.stdout.flush()
    sys.exit(0)


def main()""",
        )
    )
    script = tmp_path / "attack.py"
    script.write_text(attack)
    told = subprocess.run(
        [sys.executable, "-I", script, json.dumps(asdict(SMALL))],
        capture_output=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
    )
    first = told.stdout.split()[0]
    assert first == b'"refused"'
    assert not (tmp_path / "x").exists() or (tmp_path / "x").stat().st_size == 0


@settings(max_examples=60, deadline=None)
@given(st.binary(min_size=1, max_size=400))
def test_any_bytes_are_read_or_refused(content):
    try:
        rows = read(content)
    except UnreadableFile:
        return
    assert all(isinstance(cell, str) for sheet in rows for row in sheet for cell in row)


@pytest.mark.parametrize("seed", range(40))
def test_any_damage_to_a_workbook_is_refused_or_harmless(seed):
    dice = random.Random(seed)
    content = bytearray(GOOD)
    for _hit in range(dice.randint(1, 12)):
        content[dice.randrange(len(content))] = dice.randrange(256)
    with suppress(UnreadableFile):
        read(bytes(content))
