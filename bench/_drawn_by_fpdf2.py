"""The documents of a content file with fpdf2: its own tables and paragraphs, as its handbook shows them.

fpdf2 keeps fonts in the document, so every document reads its three font files anew; there is no door to share them.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import segno
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, WrapMode
from fpdf.fonts import FontFace

RED, BLACK, GREY, BAR = (219, 20, 20), (0, 0, 0), (158, 158, 158), (74, 99, 135)
ALIGNS = {"left": "LEFT", "center": "CENTER", "right": "RIGHT"}
MM = 72 / 25.4
LEFT, WIDTH, FOOT = 28 * MM, 156 * MM, 35 * MM


class Document(FPDF):
    def footer(self) -> None:
        self.set_font("Song", size=14)
        self.set_y(-FOOT + 7 * MM)
        self.cell(0, 14, f"— {self.page_no()} —", align="R" if self.page_no() % 2 else "L")


def start(fonts: Path, contents: dict[str, list[Any]]) -> Callable[[str, int], bytes]:
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    logging.getLogger("fpdf").setLevel(logging.ERROR)

    def draw(kind: str, index: int) -> bytes:
        return make(contents[kind][index], fonts)

    return draw


def make(content: dict[str, Any], fonts: Path) -> bytes:
    pdf = Document(unit="pt", format="A4")
    pdf.set_margins(LEFT, 37 * MM, 26 * MM)
    pdf.set_auto_page_break(True, FOOT)
    pdf.add_font("Song", "", str(fonts / "NotoSerifSC-Regular.ttf"))
    pdf.add_font("Song", "B", str(fonts / "NotoSerifSC-Bold.ttf"))
    pdf.add_font("Hei", "B", str(fonts / "NotoSansSC-Bold.ttf"))
    pdf.add_page()
    whole = content["kind"] == "notice"
    if whole:
        head(pdf, content)
    pdf.set_font("Song", "B", 22)
    for line in content["title"]:
        pdf.cell(WIDTH, 34, line, align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.ln(29)
    if whole:
        text(pdf, f"{content['recipients']}：")
    for block in content["blocks"]:
        match block["is"]:
            case "heading":
                text(pdf, "\u3000\u3000" + block["text"], family="Hei", style="B")
            case "paragraph":
                text(pdf, "\u3000\u3000" + block["text"])
            case "table":
                table(pdf, block)
            case "chart":
                chart(pdf, block)
    if whole:
        text(pdf, f"\u3000\u3000附件：{content['attachment']}")
        end(pdf, content)
    return bytes(pdf.output())


def text(
    pdf: FPDF, words: str, *, family: str = "Song", style: str = "", size: float = 16, height: float = 29
) -> None:
    pdf.set_font(family, style, size)
    pdf.multi_cell(WIDTH, height, words, align="J", wrapmode=WrapMode.CHAR, new_x="LMARGIN", new_y="NEXT")


def head(pdf: FPDF, content: dict[str, Any]) -> None:
    pdf.ln(35 * MM)
    pdf.set_font("Song", "B", content["head_size"])
    pdf.set_text_color(*RED)
    pdf.cell(
        WIDTH,
        content["head_size"] * 1.2,
        f"{content['issuer']}文件",
        align="C",
        new_x="LMARGIN",
        new_y="NEXT",
    )
    pdf.set_text_color(*BLACK)
    pdf.ln(26)
    pdf.set_font("Song", "", 16)
    pdf.cell(WIDTH, 29, content["number"], align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_draw_color(*RED)
    pdf.set_line_width(1.6)
    pdf.line(LEFT, pdf.get_y(), LEFT + WIDTH, pdf.get_y())
    pdf.set_draw_color(*BLACK)
    pdf.ln(58)


def table(pdf: FPDF, block: dict[str, Any]) -> None:
    if block["caption"]:
        pdf.set_font("Hei", "B", block["size"] + 2)
        pdf.cell(WIDTH, 29, block["caption"], align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Song", "", block["size"])
    pdf.set_line_width(0.5)
    bold = FontFace(family="Hei", emphasis="BOLD")
    with pdf.table(
        col_widths=tuple(block["widths"]),
        text_align=tuple(ALIGNS[align] for align in block["align"]),
        headings_style=bold,
        line_height=block["size"] * 1.35,
        padding=4,
        borders_layout=TableBordersLayout.ALL,
        width=WIDTH,
        wrapmode=WrapMode.CHAR,
    ) as rows:
        rows.row(block["head"])
        for row in block["rows"]:
            rows.row(row)
        if block["total"]:
            rows.row(block["total"], style=bold)
    if block["note"]:
        text(pdf, block["note"], size=block["size"] - 1.5, height=block["size"] * 1.35)


def chart(pdf: FPDF, block: dict[str, Any]) -> None:
    pdf.set_font("Hei", "B", 12)
    pdf.cell(WIDTH, 29, block["caption"], align="C", new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("Song", "", 10.5)
    axis, height = LEFT + WIDTH * 0.36, 18.6
    for label, share, figure in block["bars"]:
        if pdf.will_page_break(height):
            pdf.add_page()
        y = pdf.get_y()
        pdf.cell(WIDTH * 0.36 - 6, height, label, align="R")
        length = WIDTH * 0.48 * share
        if length:
            with pdf.local_context(fill_color=BAR):
                pdf.rect(axis, y + 5, length, 8.4, style="F")
        pdf.line(axis, y, axis, y + height)
        pdf.set_x(axis + length + 6)
        pdf.cell(WIDTH * 0.16, height, figure, new_x="LMARGIN", new_y="NEXT")


def end(pdf: FPDF, content: dict[str, Any]) -> None:
    if pdf.will_page_break(160):
        pdf.add_page()
    top, side = pdf.get_y() + 29, 22 * MM
    matrix = segno.make(content["verify_url"], error="m", micro=False).matrix
    unit = side / len(matrix)
    for y, row in enumerate(matrix):
        begun = None
        for x, dark in enumerate([*row, 0]):
            if dark and begun is None:
                begun = x
            elif not dark and begun is not None:
                with pdf.local_context(fill_color=BLACK):
                    pdf.rect(
                        LEFT + 16 + begun * unit, top + y * unit, (x - begun) * unit, unit * 1.02, style="F"
                    )
                begun = None
    pdf.set_font("Song", "", 9)
    for number, line in enumerate(content["verify"]):
        pdf.set_xy(LEFT + 16, top + side + 3 + number * 13)
        pdf.cell(180, 13, line)
    box = LEFT + WIDTH - 64 - 42 * MM
    pdf.set_draw_color(*GREY)
    pdf.set_dash_pattern(3, 3)
    pdf.rect(box, top, 42 * MM, 42 * MM)
    pdf.set_dash_pattern()
    pdf.set_draw_color(*BLACK)
    pdf.set_xy(box + 4, top + 4)
    pdf.cell(40, 9, "印章")
    pdf.set_font("Song", "", 16)
    for number, line in enumerate([content["issuer"], content["date"]]):
        pdf.set_xy(box - 40, top + 30 + number * 29)
        pdf.cell(42 * MM + 80, 29, line, align="C")
    pdf.set_font("Song", "", 14)
    foot = 297 * MM - FOOT - 24
    pdf.line(LEFT, foot, LEFT + WIDTH, foot)
    pdf.set_xy(LEFT + 14, foot)
    pdf.cell(WIDTH / 2, 23, content["printed_by"])
    pdf.set_xy(LEFT + WIDTH / 2, foot)
    pdf.cell(WIDTH / 2 - 14, 23, f"{content['date']}印发", align="R")
    pdf.line(LEFT, foot + 24, LEFT + WIDTH, foot + 24)
