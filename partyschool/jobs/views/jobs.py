from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from partyschool.accounts.policies import policy
from partyschool.jobs.forms import JobFilterForm
from partyschool.jobs.models import Job, StoredFile
from partyschool.jobs.rules import may_manage
from partyschool.jobs.selectors.jobs import page_of_jobs, view_of_job
from partyschool.jobs.services.downloads import hand_out
from partyschool.jobs.services.jobs import AlreadyEnded, cancel_job, retry_job


@policy()
@require_GET
def job_list(request: HttpRequest) -> HttpResponse:
    """Long work of the reader (of everybody, for staff), newest first."""
    form = JobFilterForm(request.GET)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    page = page_of_jobs(
        reader=request.user,
        state=state,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    return render(request, "jobs/list.html", {"filter_form": form, "page": page})


@policy()
@require_GET
def job_detail(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One job, watched: htmx asks this address again and gets the changing part alone."""
    job = get_object_or_404(Job.objects.visible_to(request.user).select_related("owner", "parent"), pk=pk)
    context = {"view": view_of_job(job=job, reader=request.user)}
    response = render(request, "jobs/_job.html" if request.htmx else "jobs/detail.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@policy()
@require_http_methods(["GET", "POST"])
def job_cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask, then cancel."""
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    if request.method == "POST":
        cancel_job(job_id=job.pk, by=request.user)
        return _to_detail(job)
    if not may_manage(request.user, job):
        raise PermissionDenied
    if not job.is_live:
        raise AlreadyEnded
    context = {
        "job": job,
        "facts": [(_("Job"), job.title), (_("State"), job.get_state_display())],
        "consequences": [
            _("What is being worked on stops at its next step; nothing half-done is kept."),
            _("Parts that are done already stay as they are."),
            _("The job can be tried again later."),
        ],
        "cancel_url": reverse("jobs:detail", kwargs={"pk": job.pk}),
    }
    return render(request, "jobs/cancel.html", context)


@policy()
@require_POST
def job_retry(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Put a failed or cancelled job back into the queue."""
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    retry_job(job_id=job.pk, by=request.user)
    return _to_detail(job)


@policy()
@require_GET
def job_file(request: HttpRequest, pk: UUID, file_id: UUID) -> HttpResponse:
    """Download a file of a job that the reader may see."""
    job = get_object_or_404(Job.objects.visible_to(request.user), pk=pk)
    file = get_object_or_404(StoredFile, pk=file_id, job=job)
    return hand_out(file=file, by=request.user)


def _to_detail(job: Job) -> HttpResponse:
    return HttpResponseRedirect(reverse("jobs:detail", kwargs={"pk": job.pk}), status=303)
