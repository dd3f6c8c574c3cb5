from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.enums import RoundMode, RoundState
from partyschool.accounts.models import Unit


class SelectionRound(models.Model):
    """A span of time in which cadres pick among the round's offerings.

    draft → open → closed. Picks count per cadre and round; empty eligibility lists mean "everyone". Rank and category codes are
    those of `trainees.enums`. The instants are decided by the server inside the selecting transaction.
    """

    year = models.PositiveSmallIntegerField(_("year"))
    name = models.CharField(_("name"), max_length=80)
    mode = models.CharField(_("mode"), max_length=12, choices=RoundMode, default=RoundMode.FIRST_COME)
    state = models.CharField(_("state"), max_length=8, choices=RoundState, default=RoundState.DRAFT)
    opens_at = models.DateTimeField(_("opens at"))
    closes_at = models.DateTimeField(_("closes at"))
    max_picks = models.PositiveSmallIntegerField(_("picks per cadre"), default=2)
    ranks = ArrayField(
        models.CharField(max_length=20), verbose_name=_("open to ranks"), default=list, blank=True
    )
    categories = ArrayField(
        models.CharField(max_length=20), verbose_name=_("open to categories"), default=list, blank=True
    )
    units = models.ManyToManyField(Unit, verbose_name=_("open to units"), blank=True, related_name="+")

    class Meta:
        verbose_name = _("selection round")
        verbose_name_plural = _("selection rounds")
        constraints = [
            models.UniqueConstraint(fields=["year", "name"], name="courses_selectionround_name_uq"),
            models.CheckConstraint(
                condition=Q(state__in=RoundState.values), name="courses_selectionround_state_ck"
            ),
            models.CheckConstraint(
                condition=Q(mode__in=RoundMode.values), name="courses_selectionround_mode_ck"
            ),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="courses_selectionround_window_ck",
                violation_error_message=_("The round must close after it opens."),
            ),
            models.CheckConstraint(
                condition=Q(max_picks__gte=1),
                name="courses_selectionround_picks_ck",
                violation_error_message=_("Each cadre must be allowed at least one pick."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
