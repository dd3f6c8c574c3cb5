from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from trainees.enums import FigureCode

from .dated import Dated, days_of_row, in_order
from .dated import Days as _Days  # noqa: F401  # the name in an early migration


class TrainingFigure(Dated):
    """One figure of the rules on cadre training, with the days on which it holds and the document that it comes from."""

    code = models.CharField(_("figure"), max_length=24, choices=FigureCode)
    value = models.DecimalField(_("value"), max_digits=9, decimal_places=4)

    class Meta:
        verbose_name = _("training figure")
        verbose_name_plural = _("training figures")
        constraints = [
            models.CheckConstraint(
                condition=Q(code__in=FigureCode.values), name="trainees_trainingfigure_code_ck"
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="trainees_trainingfigure_value_ck"),
            models.CheckConstraint(
                condition=in_order(),
                name="trainees_trainingfigure_dates_ck",
            ),
            ExclusionConstraint(
                name="trainees_trainingfigure_one_ex",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    (days_of_row(), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("Another value of this figure holds on some of these days."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()}: {self.value.normalize()}"
