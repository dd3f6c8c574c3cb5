"""The seats of an offering: how many there are, for whom some are kept, and how many a unit may take at most.

All three are narrow rows that only the enrolment triggers move (`trainees` migration 0013), so no path can bend them.
"""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.models import Unit

from .offerings import Offering


class SeatCount(models.Model):
    """The seats of one offering.

    `taken` counts the enrolments that take a seat, `reserved_taken` those of them that sit on reserved seats; the checks make
    overselling impossible on any path. `reserved` is the sum of the reservations and `quotas` their number of unit quotas, kept by
    triggers, so that offerings without either pay nothing for them. `frozen` is set when the offering closes: no seat moves then.
    """

    offering = models.OneToOneField(
        Offering, verbose_name=_("offering"), primary_key=True, on_delete=models.PROTECT, related_name="seats"
    )
    capacity = models.PositiveIntegerField(_("capacity"))
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)
    reserved = models.PositiveIntegerField(_("reserved seats"), default=0, editable=False)
    reserved_taken = models.PositiveIntegerField(_("reserved seats taken"), default=0, editable=False)
    quotas = models.PositiveIntegerField(_("unit quotas"), default=0, editable=False)
    frozen = models.BooleanField(_("frozen"), default=False, editable=False)

    class Meta:
        verbose_name = _("seat count")
        verbose_name_plural = _("seat counts")
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("capacity")), name="courses_seatcount_taken_ck"),
            models.CheckConstraint(
                condition=Q(taken__lte=F("capacity") - F("reserved") + F("reserved_taken")),
                name="courses_seatcount_unreserved_ck",
            ),
            models.CheckConstraint(
                condition=Q(reserved_taken__lte=F("reserved"), reserved__lte=F("capacity")),
                name="courses_seatcount_reserved_ck",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.taken}/{self.capacity}"

    @property
    def free(self) -> int:
        """Seats nobody has taken, reserved ones among them."""
        return self.capacity - self.taken

    @property
    def open_free(self) -> int:
        """Free seats that are kept for nobody."""
        return self.capacity - self.reserved - (self.taken - self.reserved_taken)


class SeatReservation(models.Model):
    """Seats of an offering kept for a group. A reservation keeps seats free for its members; it restricts nobody else.

    A member is whose unit lies under `unit`, whose rank is among `ranks` and category among `categories`; what is empty asks nothing.
    """

    offering = models.ForeignKey(
        Offering, verbose_name=_("offering"), on_delete=models.PROTECT, related_name="reservations"
    )
    name = models.CharField(_("kept for"), max_length=60)
    unit = models.ForeignKey(
        Unit, verbose_name=_("unit"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ranks = ArrayField(models.CharField(max_length=20), verbose_name=_("ranks"), default=list, blank=True)
    categories = ArrayField(
        models.CharField(max_length=20), verbose_name=_("categories"), default=list, blank=True
    )
    seats = models.PositiveIntegerField(_("seats"))
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)

    class Meta:
        verbose_name = _("reserved seats")
        verbose_name_plural = _("reserved seats")
        constraints = [
            models.CheckConstraint(
                condition=Q(taken__lte=F("seats")), name="courses_seatreservation_taken_ck"
            ),
            models.UniqueConstraint(fields=["offering", "name"], name="courses_seatreservation_name_uq"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.taken}/{self.seats}"


class UnitQuota(models.Model):
    """At most so many people of one unit (with all units under it) in an offering. Of nested quotas the nearest unit's counts."""

    offering = models.ForeignKey(
        Offering, verbose_name=_("offering"), on_delete=models.PROTECT, related_name="quotas"
    )
    unit = models.ForeignKey(Unit, verbose_name=_("unit"), on_delete=models.PROTECT, related_name="+")
    most = models.PositiveIntegerField(_("at most"))
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)

    class Meta:
        verbose_name = _("unit quota")
        verbose_name_plural = _("unit quotas")
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("most")), name="courses_unitquota_taken_ck"),
            models.UniqueConstraint(fields=["offering", "unit"], name="courses_unitquota_unit_uq"),
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.taken}/{self.most}"
