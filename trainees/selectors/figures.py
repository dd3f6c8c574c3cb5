"""The figures of the rules on cadre training that hold on a day."""

from datetime import date
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.common import clock
from partyschool.common.errors import WrongState
from trainees.enums import FigureCode
from trainees.models import TrainingFigure


class NoFigure(WrongState):
    """A rule has no value for the day that is asked for."""

    code = "no_figure"
    title = gettext_lazy("A figure of the training rules is missing")
    remedy = gettext_lazy("Enter the figure with its source under “Training figures”.")


def figures_on(*codes: FigureCode, on: date | None = None) -> dict[FigureCode, Decimal]:
    """The values of `codes` that hold on `on` (default: today), in the unit that the code names. One query. Raises `NoFigure`."""
    day = on or clock.school_date()
    valid = TrainingFigure.objects.filter(
        Q(valid_until__isnull=True) | Q(valid_until__gte=day), code__in=codes, valid_from__lte=day
    )
    found = {FigureCode(code): value for code, value in valid.values_list("code", "value")}
    for code in codes:
        if code not in found:
            raise NoFigure(_("“%(figure)s” has no value on %(day)s.") % {"figure": code.label, "day": day})
    return found


def figure(code: FigureCode, *, on: date | None = None) -> Decimal:
    """The value of one figure that holds on `on` (default: today). Raises `NoFigure`."""
    return figures_on(code, on=on)[code]
