"""Why a file of strangers is not read: typed, with the place where it is known."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from partyschool.common.errors import InvalidInput

REWRITE = _("Download the template, copy the rows into it as values, and hand that file in.")


class UnreadableFile(InvalidInput):
    """The file as a whole cannot be taken; nothing of it was."""

    code = "unreadable_file"
    title = _("This file cannot be read")
    remedy = REWRITE


class FileTooLarge(UnreadableFile):
    """More than the portal reads of one file: bytes, rows, columns, parts or memory."""

    code = "file_too_large"
    title = _("This file is too large")
    remedy = _("Split it into several files, or copy only the filled rows into the template.")


class PasswordProtected(UnreadableFile):
    """The file asks for a password to open it."""

    code = "file_password"
    title = _("This file is protected by a password")
    remedy = _("Open it, remove the password, save it, and hand it in again.")


FACTS: dict[str, tuple[type[UnreadableFile], Any]] = {
    "bytes": (FileTooLarge, _("It has %(number)s MB; at most %(most)s MB are read.")),
    "parts": (FileTooLarge, _("It holds more than %(most)s parts.")),
    "unpacked": (FileTooLarge, _("Unpacked, it would take far more room than a table of this kind needs.")),
    "memory": (FileTooLarge, _("Reading it takes more memory than the portal gives to one file.")),
    "time": (FileTooLarge, _("Reading it takes longer than the portal gives to one file.")),
    "sheets": (FileTooLarge, _("It has more than %(most)s sheets.")),
    "rows": (FileTooLarge, _("Sheet “%(sheet)s” goes on to row %(number)s; at most %(most)s rows are read.")),
    "columns": (
        FileTooLarge,
        _("Sheet “%(sheet)s” goes on to column %(number)s; at most %(most)s columns are read."),
    ),
    "merges": (FileTooLarge, _("Sheet “%(sheet)s” has more than %(most)s merged cells.")),
    "empty": (UnreadableFile, _("It is empty.")),
    "damaged": (UnreadableFile, _("It is damaged, or not what its name says.")),
    "other_format": (UnreadableFile, _("Excel workbooks (.xlsx, .xls) and text files (.csv) are read.")),
    "odd_names": (UnreadableFile, _("It holds parts that no spreadsheet program writes.")),
    "macros": (UnreadableFile, _("It holds macros. Save it as an Excel workbook without macros (.xlsx).")),
    "entities": (UnreadableFile, _("It holds declarations that no spreadsheet program writes.")),
    "encoding": (
        UnreadableFile,
        _("Line %(line)s is neither UTF-8 nor GB 18030. Save the table as an Excel workbook (.xlsx)."),
    ),
    "text_line": (UnreadableFile, _("Line %(line)s is not a line of a text file with separators.")),
    "password": (PasswordProtected, ""),
}


def refusal(code: str, facts: dict[str, Any]) -> UnreadableFile:
    """The error of one reason that the reading process gave."""
    kind, sentence = FACTS.get(code, FACTS["damaged"])
    return kind(sentence % facts if facts else sentence)
