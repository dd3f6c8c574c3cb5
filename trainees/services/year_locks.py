"""The row of an assessment year is its lock: who writes results or objections shares it, who moves the year on holds it alone."""

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.common.errors import WrongState
from partyschool.common.locking import lock_row
from trainees.enums import YearState
from trainees.models import AssessmentYear


class YearSealed(WrongState):
    """The results of a sealed year stand still."""

    code = "year_sealed"
    title = gettext_lazy("The year is sealed")
    remedy = gettext_lazy("Its results change only one by one, by a correction that states its reason.")


def share_year(year: int) -> AssessmentYear:
    """The row of `year`, made if there was none, held as it is until the transaction ends; others may share it.

    Concurrency: takes FOR SHARE, so opening and sealing the year wait for everybody who came before.
    """
    AssessmentYear.objects.bulk_create([AssessmentYear(year=year)], ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM trainees_assessmentyear WHERE year = %s FOR SHARE", [year])
        (pk,) = cursor.fetchone()
    return AssessmentYear.objects.get(pk=pk)


def lock_year(year: int) -> AssessmentYear:
    """The row of `year`, made if there was none, held alone. Concurrency: takes FOR NO KEY UPDATE."""
    AssessmentYear.objects.bulk_create([AssessmentYear(year=year)], ignore_conflicts=True)
    return lock_row(AssessmentYear, AssessmentYear.objects.values_list("pk", flat=True).get(year=year))


def refuse_sealed(held: AssessmentYear) -> None:
    """Raises `YearSealed` if the year that is held by a lock is sealed."""
    if held.state == YearState.SEALED:
        raise YearSealed(_("The results of %(year)s were sealed.") % {"year": held.year})
