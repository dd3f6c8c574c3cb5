from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from partyschool.common.admin import ReadOnlyAdmin
from partyschool.jobs.enums import JobState
from partyschool.jobs.models import Job


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """All long work, for whoever looks after it; progress is watched on the job's own page."""

    list_display = ("title", "state_label", "progress", "owner", "created_at", "finished_at", "attempt")
    list_display_links = ("title",)
    list_filter = ("state",)
    list_select_related = ("owner",)
    search_fields = ("title", "=key")
    ordering = ("-created_at", "-pk")
    sortable_by = ()
    fields = (
        "title",
        "watch",
        "kind",
        "key",
        "parent",
        "owner",
        "state",
        "percent",
        "message",
        "error",
        "attempt",
        "created_at",
        "started_at",
        "finished_at",
    )
    readonly_fields = ("watch",)

    @display(
        description=_("state"),
        label={
            JobState.QUEUED: "default",
            JobState.RUNNING: "info",
            JobState.DONE: "success",
            JobState.FAILED: "danger",
            JobState.CANCELLED: "warning",
        },
    )
    def state_label(self, job: Job) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @display(description=_("progress"))
    def progress(self, job: Job) -> str:
        return f"{job.percent}%"

    @display(description=_("page"))
    def watch(self, job: Job) -> SafeString:
        return format_html(
            '<a class="text-link" href="{}">{}</a>',
            reverse("jobs:detail", args=[job.pk]),
            _("Watch the progress"),
        )
