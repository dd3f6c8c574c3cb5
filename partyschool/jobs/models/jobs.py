import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.scoping import EVERYTHING, ScopedModel, ScopedQuerySet
from partyschool.jobs.enums import LIVE_STATES, JobState


class JobQuerySet(ScopedQuerySet):
    def scope_for(self, user: Any) -> Q:
        if user.scope.has(Role.STAFF, Role.AUDITOR):
            return EVERYTHING
        return Q(owner=user)


class Job(ScopedModel):
    """A long piece of work that its owner can watch: the row is the promise, the broker only the bell.

    Life: queued → running → done | failed | cancelled; retrying puts a failed or cancelled one back into the queue. A worker
    takes it by a lease (`lease_until`, `lease_token`) that it renews while it works; a lease that ran out is taken by the next
    worker, so a killed worker loses nothing and the late one can write nothing more. At most `MAX_ATTEMPTS` tries.
    One live job per `kind` and `key`. A job with children is never run itself: its state and percent follow from theirs.
    """

    MAX_ATTEMPTS = 4

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=40)
    key = models.CharField(_("key"), max_length=80)
    title = models.CharField(_("title"), max_length=120)
    params = models.JSONField(_("parameters"), default=dict)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("part of"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("owner"), on_delete=models.PROTECT, related_name="jobs"
    )
    state = models.CharField(_("state"), max_length=10, choices=JobState, default=JobState.QUEUED)
    percent = models.PositiveSmallIntegerField(_("percent"), default=0)
    steps_done = models.PositiveIntegerField(_("steps done"), default=0)
    steps_total = models.PositiveIntegerField(_("steps in all"), default=0)
    message = models.CharField(_("message"), max_length=200, blank=True)
    error = models.TextField(_("error"), blank=True)
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), default=clock.now)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="jobs_job_state_ck"),
            models.CheckConstraint(condition=Q(percent__lte=100), name="jobs_job_percent_ck"),
            models.UniqueConstraint(
                fields=["kind", "key"], condition=Q(state__in=LIVE_STATES), name="jobs_job_live_uq"
            ),
        ]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="jobs_job_owner_ix"),
            models.Index(
                fields=["-created_at", "-id"], condition=Q(parent__isnull=True), name="jobs_job_list_ix"
            ),
            models.Index(
                fields=["lease_until"], condition=Q(state__in=LIVE_STATES), name="jobs_job_sweep_ix"
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_STATES
