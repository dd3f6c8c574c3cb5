"""The unit tree: the city, its organisation departments, and what answers to them."""

from dataclasses import dataclass, field

from partyschool.accounts.enums import UnitKind
from partyschool.accounts.models import Unit

from .sizes import Size

ROOT_CODE = "LJ"

CITY_BUREAUS = (
    "市政府办公室",
    "市发展和改革局",
    "市教育局",
    "市科学技术局",
    "市财政局",
    "市人力资源和社会保障局",
    "市自然资源和规划局",
    "市生态环境局",
    "市住房和城乡建设局",
    "市交通运输局",
    "市农业农村局",
    "市卫生健康局",
    "市审计局",
    "市市场监督管理局",
    "市统计局",
)
CITY_INSTITUTIONS = ("市第一人民医院", "市第一中学", "市图书馆", "市融媒体中心")
CITY_ENTERPRISES = ("两江城市建设投资集团有限公司", "两江水务有限公司", "两江交通发展集团有限公司")
DIVISIONS = {
    "市财政局": ("办公室", "预算科"),
    "市教育局": ("办公室", "人事科"),
    "市卫生健康局": ("办公室", "人事科"),
    "市农业农村局": ("办公室", "乡村振兴科"),
}
DISTRICT_BUREAUS = (
    "财政局",
    "教育局",
    "民政局",
    "农业农村局",
    "卫生健康局",
    "应急管理局",
    "司法局",
    "审计局",
    "统计局",
    "水利局",
    "林业局",
    "商务局",
    "交通运输局",
    "文化和旅游局",
    "市场监督管理局",
    "生态环境分局",
    "医疗保障局",
    "退役军人事务局",
    "信访局",
    "行政审批局",
)
TOWNSHIPS = (
    "青石镇",
    "柳林镇",
    "双桥镇",
    "白鹭乡",
    "东湖街道",
    "河口镇",
    "云台乡",
    "南门街道",
    "龙潭镇",
    "竹溪乡",
)
# Two characters that no real district puts together.
DISTRICT_HEADS = "澜汀禾芷砚岚沐澄溯栖"
DISTRICT_TAILS = "山洲川浦坪岭湾泽原陵"


@dataclass
class _Node:
    code: str
    name: str
    kind: str
    children: list["_Node"] = field(default_factory=list)


def build_units(size: Size) -> list[Unit]:
    """Store the tree of a size and return its units in tree order. One statement: treebeard's own way adds node by node."""
    rows: list[Unit] = []
    _store(_plan(size), "", 1, 1, rows)
    return Unit.objects.bulk_create(rows, batch_size=1000)


def _plan(size: Size) -> _Node:
    root = _Node(ROOT_CODE, size.root, UnitKind.CITY)
    city = _Node("LJ00", "市委组织部", UnitKind.ORG_DEPARTMENT)
    kinds = (
        (UnitKind.BUREAU, CITY_BUREAUS),
        (UnitKind.INSTITUTION, CITY_INSTITUTIONS),
        (UnitKind.ENTERPRISE, CITY_ENTERPRISES),
    )
    for kind, names in kinds:
        for name in names:
            city.children.append(_with_divisions(_Node(f"LJ00{len(city.children) + 1:03}", name, kind), name))
    root.children = [city, *(_district(number, size) for number in range(1, size.districts + 1))]
    return root


def _with_divisions(unit: _Node, name: str) -> _Node:
    for number, division in enumerate(DIVISIONS.get(name, ()), 1):
        unit.children.append(_Node(f"{unit.code}{number:02}", f"{name}{division}", UnitKind.DIVISION))
    return unit


def _district(number: int, size: Size) -> _Node:
    # Down the diagonals, so that neighbours share neither character.
    step, row = divmod(number - 1, len(DISTRICT_HEADS))
    name = DISTRICT_HEADS[row] + DISTRICT_TAILS[(row + step) % len(DISTRICT_TAILS)] + "区"
    department = _Node(f"LJ{number:02}", f"{name[:-1]}区委组织部", UnitKind.ORG_DEPARTMENT)
    names = [
        *((UnitKind.BUREAU, f"{name}{bureau}") for bureau in DISTRICT_BUREAUS[: size.bureaus]),
        *((UnitKind.TOWNSHIP, f"{name}{township}") for township in TOWNSHIPS[: size.townships]),
        (UnitKind.INSTITUTION, f"{name}人民医院"),
        (UnitKind.ENTERPRISE, f"{name}产业投资有限公司"),
    ]
    department.children = [
        _Node(f"{department.code}{place:03}", text, kind) for place, (kind, text) in enumerate(names, 1)
    ]
    return department


def _store(node: _Node, above: str, depth: int, step: int, rows: list[Unit]) -> None:
    path = Unit._get_path(above, depth, step)  # noqa: SLF001 -- treebeard offers no bulk insert
    rows.append(
        Unit(
            path=path,
            depth=depth,
            numchild=len(node.children),
            code=node.code,
            name=node.name,
            kind=node.kind,
        )
    )
    for number, child in enumerate(node.children, 1):
        _store(child, path, depth + 1, number, rows)
