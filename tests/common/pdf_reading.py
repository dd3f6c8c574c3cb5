"""Reading a PDF back: its text page by page, its fonts, and whether another program than the writer's finds it sound."""

import io
import shutil
import subprocess
from pathlib import Path

import pypdf


def sound_reader(content: bytes, folder: Path) -> pypdf.PdfReader:
    """The file read strictly, after `qpdf --check` has found no fault where the machine has qpdf; pypdf's strict mode alone elsewhere."""
    if program := shutil.which("qpdf"):
        path = folder / "read-back.pdf"
        path.write_bytes(content)
        checked = subprocess.run([program, "--check", path], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout + checked.stderr
    return pypdf.PdfReader(io.BytesIO(content), strict=True)


def texts(reader: pypdf.PdfReader) -> list[str]:
    """The text of each page without white space."""
    return ["".join(page.extract_text().split()) for page in reader.pages]


def fonts(reader: pypdf.PdfReader) -> dict[str, bool]:
    """Base font name → whether its outlines are in the file."""
    found = {}
    for page in reader.pages:
        for entry in page["/Resources"]["/Font"].values():
            font = entry.get_object()
            found[font["/BaseFont"].lstrip("/")] = "/FontFile2" in font.get("/FontDescriptor", {})
    return found


def assert_fonts_are_subsets(reader: pypdf.PdfReader) -> None:
    """Every font is embedded, and as a subset: six letters and a plus before its name."""
    used = fonts(reader)
    assert used
    assert {name: inside for name, inside in used.items() if not inside or name[6:7] != "+"} == {}
