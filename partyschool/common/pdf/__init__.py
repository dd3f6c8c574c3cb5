"""Documents in PDF: fonts, text, tables and official notices. Import from here."""

from .builder import BuiltDocument, DocumentBuilder, Item, Pen
from .charts import Chart
from .diploma import Diploma, build_diplomas
from .fonts import FontMap, FontRole, FontsMissing, font_map
from .notice import Attachment, Block, DocType, Heading, OfficialNotice, Paragraph
from .numbering import chinese_date, chinese_number, document_number
from .official import build_notice
from .paper import LANDSCAPE, OFFICIAL_PORTRAIT, PageFrame
from .plain import Part, build_parts, build_plain
from .tables import Table, TableColumn, table_items
from .text import MissingGlyph, Typesetter

__all__ = [
    "LANDSCAPE",
    "OFFICIAL_PORTRAIT",
    "Attachment",
    "Block",
    "BuiltDocument",
    "Chart",
    "Diploma",
    "DocType",
    "DocumentBuilder",
    "FontMap",
    "FontRole",
    "FontsMissing",
    "Heading",
    "Item",
    "MissingGlyph",
    "OfficialNotice",
    "PageFrame",
    "Paragraph",
    "Part",
    "Pen",
    "Table",
    "TableColumn",
    "Typesetter",
    "build_diplomas",
    "build_notice",
    "build_parts",
    "build_plain",
    "chinese_date",
    "chinese_number",
    "document_number",
    "font_map",
    "table_items",
]
