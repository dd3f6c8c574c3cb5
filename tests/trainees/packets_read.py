"""Packets of reports as tests read them back."""

import io
import zipfile

import pypdf

from trainees.models import ReportPacket


def packets():
    return ReportPacket.objects.unscoped("tests")


def pdf_text(file):
    with file.open() as content:
        pages = pypdf.PdfReader(io.BytesIO(content.read()), strict=True).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


def book_of(file):
    import openpyxl

    with file.open() as content:
        return openpyxl.load_workbook(io.BytesIO(content.read()))


def sheet_of(file):
    return book_of(file).worksheets[0]


def sheet_rows(file):
    """The rows below the header, without the note."""
    rows = [list(row) for row in sheet_of(file).iter_rows(min_row=3, values_only=True)]
    return [row for row in rows if isinstance(row[0], int)]


def inside(file):
    """Every part of a workbook as text."""
    with file.open() as content, zipfile.ZipFile(io.BytesIO(content.read())) as book:
        return "".join(book.read(name).decode() for name in book.namelist())
