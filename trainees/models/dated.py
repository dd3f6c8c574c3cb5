from django.contrib.postgres.fields import DateRangeField, RangeBoundary
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _


class Days(Func):
    """A range of days from two date columns."""

    function = "DATERANGE"
    output_field = DateRangeField()


def days_of_row() -> Days:
    """The days on which a dated row holds, for exclusion constraints."""
    return Days("valid_from", "valid_until", RangeBoundary(inclusive_upper=True))


def valid_on(day: object) -> Q:
    """The condition for rows that hold on `day`."""
    return Q(valid_from__lte=day) & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))


def in_order() -> Q:
    """The condition that a row does not end before it begins."""
    return Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from"))


class Dated(models.Model):
    """A row of the rules with the days on which it holds. One that has begun stands: it can be ended, no more (trigger)."""

    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    source = models.CharField(
        _("source"), max_length=200, help_text=_("The document this figure comes from.")
    )

    class Meta:
        abstract = True
