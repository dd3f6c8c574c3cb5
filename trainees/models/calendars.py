from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from partyschool.common import clock
from partyschool.common.scoping import ScopedModel
from trainees.querysets import CalendarFeedQuerySet


class CalendarFeed(ScopedModel):
    """The secret address under which a calendar program reads the own lessons of one user. At most one of a user is live.

    The address itself is shown once and stored nowhere: `token_digest` is the SHA-256 (hex) of its secret part. `content_digest`
    stands for what was handed out last, and `content_changed_at` for when that was new: programs that ask again learn whether
    anything is. Rows never die; a revoked one answers as if it had never been.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=models.PROTECT,
        related_name="calendar_feeds",
    )
    token_digest = models.CharField(_("hash of the secret"), max_length=64, editable=False)
    language = models.CharField(_("language"), max_length=10)
    created_at = models.DateTimeField(_("made at"), default=clock.now)
    revoked_at = models.DateTimeField(_("switched off at"), null=True, blank=True)
    last_read_at = models.DateTimeField(_("last read at"), null=True, blank=True)
    content_digest = models.CharField(_("hash of the content"), max_length=64, blank=True, editable=False)
    content_changed_at = models.DateTimeField(_("content changed at"), null=True, blank=True, editable=False)

    objects = CalendarFeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar subscription")
        verbose_name_plural = _("calendar subscriptions")
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(revoked_at__isnull=True), name="trainees_calendarfeed_live_uq"
            ),
            models.UniqueConstraint(fields=["token_digest"], name="trainees_calendarfeed_token_uq"),
            models.CheckConstraint(
                condition=Q(("token_digest__regex", r"^[0-9a-f]{64}$")),
                name="trainees_calendarfeed_digest_ck",
            ),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | Q(revoked_at__gte=F("created_at")),
                name="trainees_calendarfeed_times_ck",
            ),
            models.CheckConstraint(
                condition=Q(content_digest="", content_changed_at__isnull=True)
                | (~Q(content_digest="") & Q(content_changed_at__isnull=False)),
                name="trainees_calendarfeed_content_ck",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {clock.school_date(self.created_at)}"
