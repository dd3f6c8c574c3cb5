from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from trainees.enums import FigureCode


class _Days(Func):
    function = "DATERANGE"
    output_field = DateRangeField()


class TrainingFigure(models.Model):
    """One figure of the rules on cadre training, with the days on which it holds and the document that it comes from."""

    code = models.CharField(_("figure"), max_length=24, choices=FigureCode)
    value = models.DecimalField(_("value"), max_digits=9, decimal_places=4)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    source = models.CharField(
        _("source"), max_length=200, help_text=_("The document this figure comes from.")
    )

    class Meta:
        verbose_name = _("training figure")
        verbose_name_plural = _("training figures")
        constraints = [
            models.CheckConstraint(
                condition=Q(code__in=FigureCode.values), name="trainees_trainingfigure_code_ck"
            ),
            models.CheckConstraint(condition=Q(value__gte=0), name="trainees_trainingfigure_value_ck"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="trainees_trainingfigure_dates_ck",
            ),
            ExclusionConstraint(
                name="trainees_trainingfigure_one_ex",
                expressions=[
                    ("code", RangeOperators.EQUAL),
                    (
                        _Days("valid_from", "valid_until", RangeBoundary(inclusive_upper=True)),
                        RangeOperators.OVERLAPS,
                    ),
                ],
                violation_error_message=_("Another value of this figure holds on some of these days."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_code_display()}: {self.value.normalize()}"
