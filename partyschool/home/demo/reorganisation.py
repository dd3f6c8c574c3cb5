"""What changed in the demo school's city this year: transfers, terms of office, a unit that moved and one that was merged."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from partyschool.accounts.enums import UnitChangeKind
from partyschool.accounts.models import Unit, UnitChange, User
from partyschool.accounts.services.units import move_unit, rename_unit
from partyschool.common import clock
from trainees.enums import Rank
from trainees.models import Cadre, Posting
from trainees.services.transfers import PostingFacts, transfer_cadre
from trainees.services.unit_merging import merge_units


class Move(NamedTuple):
    """A transfer: from unit, to unit (codes), new rank (or none) and post, so many days ago, for a reason as a document names it."""

    source: str
    target: str
    rank: str | None
    post: str
    days: int
    reason: str


TRANSFERS = (
    Move("LJ00006", "LJ00007", None, "科长", 75, "组织调动（两组干〔2026〕18号）"),
    Move("LJ00007", "LJ00008", Rank.TOWNSHIP_SECTION, "副科长", 60, "提拔任职（两组干〔2026〕21号）"),
    Move("LJ00009", "LJ01001", None, "副科长", 45, "交流任职（两组干〔2026〕25号）"),
    Move("LJ01003", "LJ00010", None, "一级主任科员", 30, "遴选调入（两组干〔2026〕30号）"),
    Move("LJ02003", "LJ01004", None, "一级科员", 12, "跨区调动（两组干〔2026〕34号）"),
)
# A library goes to the education bureau, a township is merged into its neighbour, an office takes its new name.
MOVED = ("市图书馆", "市教育局", "隶属关系调整（两委编〔2026〕9号）")
MERGED_ENDINGS = ("白鹭乡", "柳林镇", "撤乡并镇（两政函〔2026〕41号）")
RENAMED = ("市财政局预算科", "市财政局预算绩效科", "内设机构更名（两委编〔2026〕12号）")
TERMS = 5


def reorganise(by: User, now: datetime) -> None:
    """Do all this once, dated back from `now`; what is done already is left alone."""
    today = clock.school_date(now)
    _set_terms(today.year)
    if not Posting.objects.filter(noted_by__isnull=False).unscoped("filling the demo school").exists():
        for move in TRANSFERS:
            _transfer(move, today - timedelta(days=move.days), by, now)
    changes = UnitChange.objects.values_list("kind", flat=True)
    day = today - timedelta(days=20)
    if UnitChangeKind.MOVED not in changes:
        unit, target, reason = MOVED
        move_unit(unit_id=_unit(unit).pk, to_id=_unit(target).pk, reason=reason, by=by, on=day, now=now)
    if UnitChangeKind.RENAMED not in changes:
        old, new, reason = RENAMED
        rename_unit(unit_id=_unit(old).pk, name=new, reason=reason, by=by, on=day, now=now)
    if UnitChangeKind.MERGED not in changes:
        ending, into, reason = MERGED_ENDINGS
        unit = Unit.objects.filter(name__endswith=ending).first()
        if unit is not None:
            neighbour = Unit.objects.get_siblings(unit).filter(name__endswith=into).get()
            merge_units(unit_id=unit.pk, into_id=neighbour.pk, reason=reason, by=by, on=day, now=now)


def _unit(name: str) -> Unit:
    return Unit.objects.get(name=name)


def _set_terms(year: int) -> None:
    """Leading cadres hold office for five years: some terms end soon, some have just ended."""
    leading = Cadre.objects.filter(rank=Rank.COUNTY_DIVISION, term_until=None)
    leaders = list(leading.unscoped("filling the demo school").order_by("pk").only("pk"))
    for number, cadre in enumerate(leaders):
        cadre.term_until = date(year + number % TERMS, 6 if number % 2 else 12, 30)
    Cadre.objects.unscoped("filling the demo school").bulk_update(leaders, ["term_until"], batch_size=1000)


def _transfer(move: Move, day: date, by: User, now: datetime) -> None:
    """Transfer the first who may go; a smaller school may lack one of the units."""
    people = Cadre.objects.filter(unit__code=move.source, user=None, left_on=None, posted_on__lt=day)
    cadre = (
        people.exclude(rank=Rank.COUNTY_DIVISION).unscoped("filling the demo school").order_by("pk").first()
    )
    unit = Unit.objects.filter(code=move.target).first()
    if cadre is None or unit is None:
        return
    to = PostingFacts(unit.pk, move.rank or cadre.rank, move.post, cadre.category)
    transfer_cadre(cadre_id=cadre.pk, to=to, on=day, reason=move.reason, by=by, now=now)
