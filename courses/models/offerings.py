from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.enums import OfferingKind, OfferingState, Signboard
from faculty.models import Teacher

from .rounds import SelectionRound


class Offering(models.Model):
    """Anything the school runs that people enrol in: class, elective topic, forum session, outside training, online course.

    planned → published → closed (facts became credit and teaching entries), or cancelled. Seats live in `SeatCount`.
    """

    code = models.CharField(_("code"), max_length=20, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=OfferingKind)
    title = models.CharField(_("title"), max_length=120)
    summary = models.TextField(_("summary"), blank=True)
    year = models.PositiveSmallIntegerField(_("year"))
    signboard = models.CharField(
        _("signboard"), max_length=24, choices=Signboard, default=Signboard.PARTY_SCHOOL
    )
    state = models.CharField(_("state"), max_length=10, choices=OfferingState, default=OfferingState.PLANNED)
    starts_on = models.DateField(_("starts on"))
    ends_on = models.DateField(_("ends on"))
    lead_teacher = models.ForeignKey(
        Teacher,
        verbose_name=_("lead teacher"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="led_offerings",
    )
    selection_round = models.ForeignKey(
        SelectionRound,
        verbose_name=_("selection round"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="offerings",
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("offering")
        verbose_name_plural = _("offerings")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=OfferingKind.values), name="courses_offering_kind_ck"
            ),
            models.CheckConstraint(
                condition=Q(state__in=OfferingState.values), name="courses_offering_state_ck"
            ),
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")),
                name="courses_offering_dates_ck",
                violation_error_message=_("An offering cannot end before it starts."),
            ),
            models.CheckConstraint(
                condition=Q(state=OfferingState.CLOSED, closed_at__isnull=False)
                | (~Q(state=OfferingState.CLOSED) & Q(closed_at__isnull=True)),
                name="courses_offering_closed_ck",
            ),
        ]
        indexes = [models.Index(fields=["year", "kind", "starts_on"], name="courses_offering_year_ix")]

    def __str__(self) -> str:
        return self.title


class SeatCount(models.Model):
    """The seats of one offering, in a narrow row that only the enrolment trigger moves.

    `taken` counts the enrolments that take a seat; the check makes overselling impossible on any path. `frozen` is set when the
    offering closes: from then on no seat moves.
    """

    offering = models.OneToOneField(
        Offering, verbose_name=_("offering"), primary_key=True, on_delete=models.PROTECT, related_name="seats"
    )
    capacity = models.PositiveIntegerField(_("capacity"))
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)
    frozen = models.BooleanField(_("frozen"), default=False, editable=False)

    class Meta:
        verbose_name = _("seat count")
        verbose_name_plural = _("seat counts")
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("capacity")), name="courses_seatcount_taken_ck")
        ]

    def __str__(self) -> str:
        return f"{self.taken}/{self.capacity}"

    @property
    def free(self) -> int:
        return self.capacity - self.taken
