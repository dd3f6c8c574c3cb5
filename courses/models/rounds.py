from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from courses.enums import Mechanism, RoundMode, RoundState, WaitingMode
from partyschool.accounts.models import Unit
from partyschool.common.hashes import TextSha256


class SelectionRound(models.Model):
    """A span of time in which cadres pick among the round's offerings, or rank them for a draw.

    The states and their moves are `courses.rules.ROUND_MOVES`. Picks count per cadre and round; empty eligibility lists mean
    "everyone". Rank and category codes are those of `trainees.enums`. The instants are decided by the server inside the selecting
    transaction.

    A draw commits itself before anybody ranks: `seed_hash` is the SHA-256 of a secret seed and stands from the opening on,
    `preferences_hash` that of the sealed draw and stands from the sealing on; the seed follows with the result. Triggers and a
    check hold all three, so that nobody can choose seed or preferences once the other is known.
    """

    year = models.PositiveSmallIntegerField(_("year"))
    name = models.CharField(_("name"), max_length=80)
    mode = models.CharField(_("mode"), max_length=12, choices=RoundMode, default=RoundMode.FIRST_COME)
    state = models.CharField(_("state"), max_length=12, choices=RoundState, default=RoundState.DRAFT)
    opens_at = models.DateTimeField(_("opens at"))
    closes_at = models.DateTimeField(_("closes at"))
    change_closes_at = models.DateTimeField(
        _("change window closes at"),
        null=True,
        blank=True,
        help_text=_("Until then people may still change their places, first come, first served."),
    )
    min_picks = models.PositiveSmallIntegerField(_("picks expected of each cadre"), default=0)
    max_picks = models.PositiveSmallIntegerField(_("picks per cadre"), default=2)
    repeats_allowed = models.BooleanField(
        _("a topic attended in an earlier year may be picked again"), default=False
    )
    ranks = ArrayField(
        models.CharField(max_length=20), verbose_name=_("open to ranks"), default=list, blank=True
    )
    categories = ArrayField(
        models.CharField(max_length=20), verbose_name=_("open to categories"), default=list, blank=True
    )
    units = models.ManyToManyField(Unit, verbose_name=_("open to units"), blank=True, related_name="+")
    waiting = models.CharField(
        _("waiting list"), max_length=10, choices=WaitingMode, default=WaitingMode.AUTOMATIC
    )
    offer_hours = models.PositiveSmallIntegerField(_("hours to accept an offered seat"), default=24)
    freeze_days = models.PositiveSmallIntegerField(
        _("waiting list ends this many days before the topic starts"), default=1
    )
    mechanism = models.CharField(
        _("mechanism of the draw"), max_length=14, choices=Mechanism, default=Mechanism.RANDOM_SERIAL
    )
    place_non_voters = models.BooleanField(_("who ranked nothing is given what is left"), default=False)
    seed_hash = models.CharField(max_length=64, blank=True, editable=False)
    preferences_hash = models.CharField(max_length=64, blank=True, editable=False)
    seed = models.CharField(max_length=64, blank=True, editable=False)

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
                condition=Q(mode=RoundMode.DRAW) | ~Q(state__in=["sealed", "run", "review", "published"]),
                name="courses_selectionround_drawn_ck",
            ),
            models.CheckConstraint(
                condition=Q(waiting__in=WaitingMode.values, mechanism__in=Mechanism.values),
                name="courses_selectionround_choices_ck",
            ),
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")),
                name="courses_selectionround_window_ck",
                violation_error_message=_("The round must close after it opens."),
            ),
            models.CheckConstraint(
                condition=Q(change_closes_at__isnull=True) | Q(change_closes_at__gt=F("closes_at")),
                name="courses_selectionround_change_ck",
                violation_error_message=_("The change window must end after the round closes."),
            ),
            models.CheckConstraint(
                condition=Q(max_picks__gte=1),
                name="courses_selectionround_picks_ck",
                violation_error_message=_("Each cadre must be allowed at least one pick."),
            ),
            models.CheckConstraint(
                condition=Q(min_picks__lte=F("max_picks")),
                name="courses_selectionround_least_ck",
                violation_error_message=_("No more picks can be expected than are allowed."),
            ),
            models.CheckConstraint(
                condition=Q(offer_hours__gte=1),
                name="courses_selectionround_offer_ck",
                violation_error_message=_("An offered seat must stand for at least one hour."),
            ),
            models.CheckConstraint(
                condition=Q(seed="") | Q(seed_hash=TextSha256("seed")), name="courses_selectionround_seed_ck"
            ),
            models.CheckConstraint(
                condition=~Q(mode=RoundMode.DRAW) | Q(state=RoundState.DRAFT) | ~Q(seed_hash=""),
                name="courses_selectionround_committed_ck",
            ),
            models.CheckConstraint(
                condition=(Q(preferences_hash="") & Q(seed=""))
                | (~Q(preferences_hash="") & ~Q(state__in=[RoundState.DRAFT, RoundState.OPEN])),
                name="courses_selectionround_sealed_ck",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RoundOpening(models.Model):
    """A later (or earlier) opening of a round for one unit and all under it, so that not everybody comes in the same minute.

    Of nested units the nearest counts; who has none waits for the round's own `opens_at`.
    """

    selection_round = models.ForeignKey(
        SelectionRound, verbose_name=_("selection round"), on_delete=models.CASCADE, related_name="openings"
    )
    unit = models.ForeignKey(Unit, verbose_name=_("unit"), on_delete=models.PROTECT, related_name="+")
    opens_at = models.DateTimeField(_("opens at"))

    class Meta:
        verbose_name = _("opening for a group")
        verbose_name_plural = _("openings for groups")
        constraints = [
            models.UniqueConstraint(fields=["selection_round", "unit"], name="courses_roundopening_unit_uq")
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.opens_at}"


class DrawSecret(models.Model):
    """The seed of a draw until it is published, encrypted at rest. No page shows it; `courses.services.commitment` alone reads it."""

    selection_round = models.OneToOneField(
        SelectionRound, primary_key=True, on_delete=models.PROTECT, related_name="secret"
    )
    token = models.BinaryField()

    class Meta:
        verbose_name = _("secret of a draw")
        verbose_name_plural = _("secrets of draws")

    def __str__(self) -> str:
        return str(self.selection_round)
