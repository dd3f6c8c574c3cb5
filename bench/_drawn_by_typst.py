"""The documents of a content file with typst: one template, compiled for each content by one compiler that stays.

Untagged, as the portal's own are. typst keeps what it has computed between two documents, as it would in a worker that stays.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import segno
import typst

TEMPLATE = """
#let d = json(bytes(sys.inputs.content))
#set document(title: d.title.join(""), author: d.issuer)
#set page(width: 210mm, height: 297mm, margin: (left: 28mm, right: 26mm, top: 37mm, bottom: 35mm), footer-descent: 7mm,
  footer: context { let n = counter(page).get().first()
    set text(size: 14pt)
    align(if calc.odd(n) { right } else { left }, pad(x: 16pt)[— #n —]) })
#set text(font: "Noto Serif SC", size: 16pt, lang: "zh", region: "cn", cjk-latin-spacing: none)
#set par(justify: true, leading: 16.6pt, spacing: 16.6pt, first-line-indent: (amount: 2em, all: true))
#let hei = text.with(font: "Noto Sans SC", weight: "bold")
#let plain(body) = { set par(first-line-indent: 0pt); body }
#let places = (left: left, center: center, right: right)
#let set-table(t) = {
  set text(size: t.size * 1pt)
  set par(justify: false, leading: t.size * 0.6pt, first-line-indent: 0pt)
  if t.caption != "" { align(center, text(font: "Noto Sans SC", weight: "bold", size: (t.size + 2) * 1pt, t.caption)) }
  table(columns: t.widths.map(w => w * 1pt), stroke: 0.5pt, inset: (x: 4pt, y: t.size * 0.6pt),
    align: (x, y) => if y == 0 { center + horizon } else { places.at(t.align.at(x)) + horizon },
    table.header(..t.head.map(h => hei(h))), ..t.rows.flatten(),
    ..if t.total != none { t.total.map(c => hei(c)) } else { () })
  if t.note != "" { text(size: (t.size - 1.5) * 1pt, t.note) }
}
#let set-chart(c) = {
  set text(size: 10.5pt)
  v(8pt)
  align(center, text(font: "Noto Sans SC", weight: "bold", size: 12pt, c.caption))
  set par(justify: false, leading: 3pt, first-line-indent: 0pt)
  for (label, share, figure) in c.bars {
    block(breakable: false, spacing: 0pt, grid(columns: (36%, 64%), inset: (y: 5pt), stroke: (x, y) => if x == 1 { (left: 0.5pt) },
      align(right + horizon, pad(right: 6pt, label)),
      align(left + horizon, stack(dir: ltr, spacing: 6pt,
        rect(width: share * 75%, height: 8.4pt, fill: rgb(74, 99, 135)), align(horizon, figure)))))
  }
}
#if d.kind == "notice" [
  #v(35mm)
  #align(center, text(font: "Noto Serif SC", weight: "bold", size: d.head_size * 1pt, fill: rgb(219, 20, 20), d.issuer + "文件"))
  #v(26pt)
  #align(center, d.number)
  #line(length: 100%, stroke: 1.6pt + rgb(219, 20, 20))
  #v(29pt)
]
#for line in d.title { align(center, text(font: "Noto Serif SC", weight: "bold", size: 22pt, line)) }
#if d.kind == "notice" { plain(d.recipients + "：") }
#for b in d.blocks {
  if b.is == "paragraph" { par(b.text) }
  else if b.is == "heading" { par(hei(b.text)) }
  else if b.is == "table" { set-table(b) }
  else { set-chart(b) }
}
#if d.kind == "notice" [
  #par("附件：" + d.attachment)
  #v(29pt)
  #block(breakable: false, width: 100%, {
    place(left, dx: 16pt, {
      let n = d.qr.len()
      box(width: 22mm, height: 22mm, for (y, row) in d.qr.enumerate() { for run in row {
        place(dx: 22mm * run.at(0) / n, dy: 22mm * y / n, rect(width: 22mm * run.at(1) / n, height: 22mm * 1.02 / n, fill: black)) } })
      set text(size: 9pt)
      set par(first-line-indent: 0pt, leading: 4pt)
      for one in d.verify { block(spacing: 4pt, one) } })
    align(right, pad(right: 64pt, block(width: 42mm, height: 42mm, stroke: (paint: gray, thickness: 0.5pt, dash: "dashed"),
      { place(dx: 4pt, dy: 4pt, text(size: 9pt, fill: gray, "印章"))
        place(center + horizon, box(width: 60mm, align(center, d.issuer + "\n" + d.date))) }))) })
  #v(1fr)
  #line(length: 100%, stroke: 1pt)
  #plain({ set text(size: 14pt); pad(x: 14pt, { d.printed_by; h(1fr); d.date + "印发" }) })
  #line(length: 100%, stroke: 1pt)
]
"""


def start(fonts: Path, contents: dict[str, list[Any]]) -> Callable[[str, int], bytes]:
    found = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts)])
    compiler = typst.Compiler(font_paths=found)
    template = TEMPLATE.encode()

    def draw(kind: str, index: int) -> bytes:
        content = contents[kind][index]
        if content["kind"] == "notice":
            content = {
                **content,
                "qr": [runs(row) for row in segno.make(content["verify_url"], error="m", micro=False).matrix],
            }
        made: bytes = compiler.compile(
            template, sys_inputs={"content": json.dumps(content, ensure_ascii=False)}, pdf_tags=False
        )
        return made

    return draw


def runs(row: bytearray) -> list[tuple[int, int]]:
    """The dark runs of a row of a QR code: (first, length)."""
    return [(match.start(), len(match[0])) for match in re.finditer(rb"\x01+", bytes(row))]
