"""What tests of imports share: a file handed in and checked, and the register in one look."""

from datetime import date

from partyschool.common.sheets.cells import cell_name
from tests.factories.imports import workbook
from tests.factories.trainees import CadreFactory
from trainees.models import Cadre, CadreImport, Posting
from trainees.selectors.imports import faults_in
from trainees.services.imports import check_import, hand_in_file

DAY = date(2025, 6, 2)


def check(rows, by, *, unit=None, effective_on=DAY, content=None, **options) -> CadreImport:
    """Hand in and check a workbook of `rows`."""
    found = hand_in_file(
        name="花名册.xlsx",
        content=content or workbook(rows, **options),
        unit_id=unit.pk if unit else None,
        effective_on=effective_on,
        by=by,
    )
    return check_import(import_id=found.pk, by=by)


def counts(found: CadreImport) -> tuple[int, int, int, int, int]:
    return found.new, found.changed, found.unchanged, found.absent, found.faults


def codes(found: CadreImport) -> list[tuple[str, str]]:
    return [(cell_name(one.row, one.column), one.code) for one in faults_in(found)]


def cadres():
    return Cadre.objects.unscoped("tests")


def register() -> list[tuple]:
    """Every cadre and every posting, with all that an import may touch."""
    people = (
        cadres()
        .order_by("code")
        .values_list(
            "code",
            "name",
            "unit",
            "rank",
            "category",
            "post",
            "posted_on",
            "term_until",
            "joined_on",
            "left_on",
            "citizen_no_masked",
        )
    )
    postings = Posting.objects.unscoped("tests").order_by("cadre__code", "starts_on")
    return [
        *people,
        *postings.values_list("cadre__code", "unit", "rank", "post", "category", "starts_on", "ends_on"),
    ]


def filed(unit, **fields) -> Cadre:
    """Somebody on the register as `person` writes people."""
    values = {
        "code": "N000001",
        "name": "张晓明",
        "unit": unit,
        "post": "科长",
        "posted_on": date(2024, 3, 1),
        "joined_on": date(2024, 3, 1),
    }
    return CadreFactory(**{**values, **fields})
