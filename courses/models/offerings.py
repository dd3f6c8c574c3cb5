from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.enums import OfferingKind, OfferingState, RollBy, Signboard
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
    series = models.SlugField(
        _("series"),
        max_length=40,
        blank=True,
        help_text=_(
            "Topics of one series are the same topic held again: who attended one is known to repeat it. Sessions of one series make up a forum."
        ),
    )
    least = models.PositiveIntegerField(
        _("minimum size"), default=0, help_text=_("With fewer people it is not worth holding; 0 for none.")
    )
    roll_by = models.CharField(_("attendance taken"), max_length=8, choices=RollBy, default=RollBy.LESSON)
    off_job = models.BooleanField(
        _("off the job"),
        default=False,
        help_text=_("Trainees are released from their work for the whole time."),
    )
    away = models.BooleanField(_("outside the province"), default=False)
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
                condition=Q(roll_by__in=RollBy.values), name="courses_offering_roll_by_ck"
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
