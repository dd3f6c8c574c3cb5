"""The documents of a content file with WeasyPrint: HTML made by Python, one style sheet, fonts declared once for the process."""

import logging
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import segno
from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration

STYLE = """
@font-face { font-family: Song; src: url(file://FONTS/NotoSerifSC-Regular.ttf); font-weight: normal; }
@font-face { font-family: Song; src: url(file://FONTS/NotoSerifSC-Bold.ttf); font-weight: bold; }
@font-face { font-family: Hei; src: url(file://FONTS/NotoSansSC-Bold.ttf); font-weight: bold; }
@page { size: 210mm 297mm; margin: 37mm 26mm 35mm 28mm; }
@page :right { @bottom-right { content: "— " counter(page) " —"; font: 14pt Song; padding-right: 16pt; } }
@page :left { @bottom-left { content: "— " counter(page) " —"; font: 14pt Song; padding-left: 16pt; } }
body { font: 16pt/29pt Song; margin: 0; }
p { margin: 0; text-align: justify; text-indent: 2em; orphans: 2; widows: 2; }
p.flush { text-indent: 0; }
h1, h2, h3, h4 { margin: 0; font-weight: bold; text-align: center; }
h1 { color: rgb(219, 20, 20); line-height: 1.2; padding-top: 35mm; }
.number { text-align: center; text-indent: 0; padding-top: 26pt; border-bottom: 1.6pt solid rgb(219, 20, 20); margin-bottom: 58pt; }
h2 { font-size: 22pt; line-height: 34pt; }
h2 + p.flush { margin-top: 29pt; }
h3 { font: bold 16pt/29pt Hei; text-align: left; text-indent: 2em; break-after: avoid; }
h4 { font: bold 14pt/29pt Hei; break-after: avoid; }
table { border-collapse: collapse; table-layout: fixed; width: 156mm; line-height: 1.35; }
td, th { border: 0.5pt solid black; padding: 4pt; vertical-align: middle; }
th { font: bold 1em/1.35 Hei; text-align: center; }
tr { break-inside: avoid; }
.left { text-align: left; } .center { text-align: center; } .right { text-align: right; }
.chart td { border: 0; padding: 2.5pt 0; font-size: 10.5pt; line-height: 1.3; }
.chart td + td { border-left: 0.5pt solid black; }
.chart td:first-child { text-align: right; padding-right: 6pt; width: 36%; }
.chart i { display: inline-block; height: 8.4pt; background: rgb(74, 99, 135); margin-right: 6pt; }
.end { position: relative; height: 140pt; break-inside: avoid; margin-top: 29pt; font-size: 9pt; line-height: 13pt; }
.end svg { display: block; width: 22mm; height: 22mm; margin-left: 16pt; }
.seal { position: absolute; right: 64pt; top: 0; width: 42mm; height: 42mm; border: 0.5pt dashed gray; color: gray; }
.sign { position: absolute; right: 55pt; top: 40pt; font-size: 16pt; line-height: 29pt; text-align: center; }
.imprint { border: 1pt solid black; border-width: 1pt 0; font-size: 14pt; padding: 0 14pt; }
.imprint b { float: right; font-weight: normal; }
"""


def start(fonts: Path, contents: dict[str, list[Any]]) -> Callable[[str, int], bytes]:
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    config = FontConfiguration()
    style = CSS(string=STYLE.replace("FONTS", str(fonts.resolve())), font_config=config)

    def draw(kind: str, index: int) -> bytes:
        made: bytes = HTML(string=page(contents[kind][index])).write_pdf(
            stylesheets=[style], font_config=config
        )
        return made

    return draw


def page(content: dict[str, Any]) -> str:
    parts = ['<html lang="zh-CN"><body>']
    whole = content["kind"] == "notice"
    if whole:
        parts.append(f'<h1 style="font-size: {content["head_size"]}pt">{escape(content["issuer"])}文件</h1>')
        parts.append(f'<p class="number">{escape(content["number"])}</p>')
    parts.append(f"<h2>{'<br>'.join(map(escape, content['title']))}</h2>")
    if whole:
        parts.append(f'<p class="flush">{escape(content["recipients"])}：</p>')
    parts += [block_of(block) for block in content["blocks"]]
    if whole:
        parts.append(f"<p>附件：{escape(content['attachment'])}</p>")
        verify = "".join(f"<div>{escape(line)}</div>" for line in content["verify"])
        sign = f"{escape(content['issuer'])}<br>{content['date']}"
        parts.append(
            f'<div class="end">{code_of(content["verify_url"])}{verify}<div class="seal">印章</div><div class="sign">{sign}</div></div>'
        )
        parts.append(
            f'<div class="imprint"><b>{content["date"]}印发</b>{escape(content["printed_by"])}</div>'
        )
    return "".join(parts)


def block_of(block: dict[str, Any]) -> str:
    match block["is"]:
        case "heading":
            return f"<h3>{escape(block['text'])}</h3>"
        case "paragraph":
            return f"<p>{escape(block['text'])}</p>"
        case "table":
            return table_of(block)
    rows = [
        f'<tr><td>{escape(label)}</td><td><i style="width: {share * 75:.2f}%"></i>{figure}</td></tr>'
        for label, share, figure in block["bars"]
    ]
    return f'<h4>{escape(block["caption"])}</h4><table class="chart">{"".join(rows)}</table>'


def table_of(table: dict[str, Any]) -> str:
    caption = f"<h4>{escape(table['caption'])}</h4>" if table["caption"] else ""
    columns = "".join(f'<col style="width: {width:.2f}pt">' for width in table["widths"])
    head = "".join(f"<th>{escape(cell)}</th>" for cell in table["head"])
    rows = [
        "<tr>"
        + "".join(
            f'<td class="{align}">{escape(cell)}</td>'
            for align, cell in zip(table["align"], row, strict=True)
        )
        + "</tr>"
        for row in table["rows"]
    ]
    if table["total"]:
        rows.append("<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in table["total"]) + "</tr>")
    note = (
        f'<p class="flush" style="font-size: {table["size"] - 1.5}pt">{escape(table["note"])}</p>'
        if table["note"]
        else ""
    )
    return (
        f'{caption}<table style="font-size: {table["size"]}pt"><colgroup>{columns}</colgroup>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{note}"
    )


def code_of(url: str) -> str:
    """A QR code as one path."""
    matrix = segno.make(url, error="m", micro=False).matrix
    path = "".join(
        f"M{x} {y}h1v1.02h-1z" for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark
    )
    return f'<svg viewBox="0 0 {len(matrix)} {len(matrix)}"><path d="{path}"/></svg>'
