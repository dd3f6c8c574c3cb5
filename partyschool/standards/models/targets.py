from django.db import models
from django.utils.translation import gettext_lazy as _


class StandardTarget(models.Model):
    """A figure that the school must reach in a year; how the actual is counted belongs to `indicator` (see selectors/board.py)."""

    year = models.PositiveSmallIntegerField(_("year"))
    indicator = models.CharField(_("indicator"), max_length=40)
    target = models.DecimalField(_("target"), max_digits=14, decimal_places=2)
    source = models.CharField(_("source"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("standard target")
        verbose_name_plural = _("standard targets")
        constraints = [
            models.UniqueConstraint(fields=["year", "indicator"], name="standards_standardtarget_once_uq")
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.indicator}"
