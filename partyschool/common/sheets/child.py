"""The process that opens a file of strangers: it has little memory, little time, no settings and no database.

Run as `python -I child.py` by `partyschool.common.sheets`, with the limits as its argument and the file on its standard input. It
answers in lines of JSON: per visible sheet its head, then chunks of rows (numbers stay numbers, dates are texts behind a NUL), at last an end. A
file that cannot be read is answered by one line that says why. Nothing of the portal's is imported here.
"""

import csv
import datetime
import gc
import io
import json
import resource
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
PIECE = 1 << 16
ROWS_PER_LINE = 500
DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))
TEXT_CELL = 32_767
COMPACT = (",", ":")
BOMS = (("utf-8-sig", b"\xef\xbb\xbf"), ("utf-16", b"\xff\xfe"), ("utf-16", b"\xfe\xff"))


class Refused(Exception):
    """The file cannot be read; the facts go to the parent."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.answer = {"refused": code, "facts": facts}


def say(message: Any) -> None:
    sys.stdout.write(
        json.dumps(message, ensure_ascii=False, default=_plain, check_circular=False, separators=COMPACT)
    )
    sys.stdout.write("\n")


def _plain(value: Any) -> str:
    """Dates and times as a text behind a NUL, which no text of a cell holds."""
    return f"\0{value.isoformat()}" if isinstance(value, datetime.date | datetime.time) else f"\0{value}"


def check_archive(content: bytes, limits: dict[str, int]) -> None:
    """Refuse an archive that unpacks to more than it should, by what really comes out of it and not by what it says of itself."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError) as error:
        raise Refused("damaged") from error
    parts = archive.infolist()
    if len(parts) > limits["parts"]:
        raise Refused("parts", most=limits["parts"])
    names = [part.filename for part in parts]
    if len(set(names)) != len(names) or any(_odd(name) for name in names):
        raise Refused("odd_names")
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise Refused("macros")
    if "xl/workbook.xml" not in names:
        raise Refused("other_format")
    room = min(limits["unpacked"], max(len(content), 1) * limits["ratio"])
    for part in parts:
        room -= _unpack(archive, part, room)
        if room < 0:
            raise Refused("unpacked")


def _unpack(archive: zipfile.ZipFile, part: zipfile.ZipInfo, room: int) -> int:
    """How many bytes come out of `part`, counted up to a little over `room`; what comes out is looked through for declarations."""
    if part.flag_bits & 1 or part.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise Refused("damaged")
    is_text = part.filename.lower().endswith((".xml", ".rels", ".vml"))
    unpacked, tail, declared = 0, b"", False
    try:
        with archive.open(part) as stream:
            while unpacked <= room and (piece := stream.read(PIECE)):
                unpacked += len(piece)
                if is_text:
                    declared |= any(mark in tail + piece[:32] or mark in piece for mark in DECLARATIONS)
                    tail = piece[-32:]
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, EOFError, RuntimeError) as error:
        raise Refused("damaged") from error
    if declared:
        raise Refused("entities")
    return unpacked


def _odd(name: str) -> bool:
    return (
        not name
        or len(name) > 200
        or name.startswith("/")
        or "\\" in name
        or "\0" in name
        or ".." in name.split("/")
    )


def read_workbook(content: bytes, limits: dict[str, int]) -> None:
    import python_calamine  # noqa: PLC0415 -- a text file needs none of it

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        metadata = book.sheets_metadata
    except python_calamine.PasswordError as error:
        raise Refused("password") from error
    except Exception as error:
        raise Refused("damaged") from error
    if len(metadata) > limits["sheets"]:
        raise Refused("sheets", most=limits["sheets"])
    for index, told in enumerate(metadata):
        if told.typ is not python_calamine.SheetTypeEnum.WorkSheet:
            continue
        if told.visible is not python_calamine.SheetVisibleEnum.Visible:
            say({"sheet": told.name, "hidden": True})
            continue
        try:
            sheet = book.get_sheet_by_index(index)
        except Exception as error:
            raise Refused("damaged", sheet=told.name) from error
        _say_sheet(sheet, told.name, limits)


def _say_sheet(sheet: Any, name: str, limits: dict[str, int]) -> None:
    if sheet.end is None:
        say({"sheet": name, "row": 0, "column": 0, "height": 0, "merges": []})
        say({"end": 0})
        return
    (first_row, first_column), (last_row, last_column) = sheet.start, sheet.end
    if last_column >= limits["columns"]:
        raise Refused("columns", sheet=name, number=last_column + 1, most=limits["columns"])
    if last_row >= limits["rows"]:
        raise Refused("rows", sheet=name, number=last_row + 1, most=limits["rows"])
    merges = sheet.merged_cell_ranges or []
    if len(merges) > limits["rows"]:
        raise Refused("merges", sheet=name, most=limits["rows"])
    say({"sheet": name, "row": first_row, "column": first_column, "height": sheet.height, "merges": merges})
    # Rows come as the sheet is stored, from its first cell on; the parent counts from there.
    _say_rows(sheet.iter_rows())


def _say_rows(rows: Iterable[list[Any]]) -> None:
    number, chunk = 0, []
    for row in rows:
        chunk.append(row)
        if len(chunk) == ROWS_PER_LINE:
            say(chunk)
            number, chunk = number + len(chunk), []
    if chunk:
        say(chunk)
    say({"end": number + len(chunk)})


def read_text(content: bytes, limits: dict[str, int]) -> None:
    """A text file with separators: UTF-8, UTF-16 with its mark, or GB 18030, of which GBK and GB 2312 are parts."""
    text = _decoded(content)
    csv.field_size_limit(TEXT_CELL)
    say({"sheet": "CSV", "row": 0, "column": 0, "height": text.count("\n"), "merges": [], "text": True})
    _say_rows(_text_rows(text, limits))


def _decoded(content: bytes) -> str:
    encoding = next((encoding for encoding, mark in BOMS if content.startswith(mark)), "")
    if not encoding and b"\0" in content:
        raise Refused("other_format")
    try:
        text = _decoded_as(content, encoding or "utf-8")
    except Refused:
        if encoding:
            raise
        text = _decoded_as(content, "gb18030")
    if "\0" in text:
        raise Refused("other_format")
    return text


def _decoded_as(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Refused("encoding", line=content[: error.start].count(b"\n") + 1) from error


def _text_rows(text: str, limits: dict[str, int]) -> Iterator[list[str]]:
    head = text[:20_000]
    separator = max(",\t;", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for number, row in enumerate(reader):
            if number >= limits["rows"]:
                raise Refused("rows", sheet="CSV", number=number + 1, most=limits["rows"])
            while row and not row[-1]:
                row.pop()
            if len(row) > limits["columns"]:
                raise Refused("columns", sheet="CSV", number=len(row), most=limits["columns"])
            # Some programs write ="0123" so that the spreadsheet takes a number for a text.
            yield [
                cell[2:-1] if len(cell) > 2 and cell.startswith('="') and cell.endswith('"') else cell
                for cell in row
            ]
    except csv.Error as error:
        raise Refused("text_line", line=reader.line_num) from error


def main() -> NoReturn:
    limits = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["seconds"], limits["seconds"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    gc.disable()  # it ends with the file, and rows have no cycles
    sys.stdout.reconfigure(encoding="utf-8", errors="surrogatepass")  # type: ignore[union-attr]  # standard output is a text file here
    content = sys.stdin.buffer.read()
    try:
        read(content, limits)
        say({"done": True})
    except Refused as refused:
        say(refused.answer)
    except MemoryError:
        say({"refused": "memory", "facts": {}})
    sys.stdout.flush()
    sys.exit(0)


def read(content: bytes, limits: dict[str, int]) -> None:
    """Tell the sheets of a workbook or text file. Raises `Refused`."""
    if content.startswith(ZIP):
        check_archive(content, limits)
        read_workbook(content, limits)
    elif content.startswith(OLE):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise Refused("password")
        read_workbook(content, limits)
    else:
        read_text(content, limits)


if __name__ == "__main__":
    main()
