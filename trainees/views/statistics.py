"""The yearly statistics of training: on a page, as a form in PDF, as a workbook."""

import io

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from partyschool.accounts.policies import policy
from partyschool.common import clock
from partyschool.common.downloads import download_response
from trainees.exporters.assessment_annex import XLSX
from trainees.exporters.certificates import PDF
from trainees.exporters.statistics import (
    build_statistics,
    build_statistics_workbook,
    statistics_file_name,
)
from trainees.models import AssessmentYear
from trainees.selectors.organisation import closed_years
from trainees.selectors.statistics import TrainingStatistics, training_statistics
from trainees.selectors.year_states import year_of

from .barred import READERS, asked


def _form(request: HttpRequest) -> tuple[TrainingStatistics, AssessmentYear, list[int]]:
    """The statistics of the year and unit asked for. Raises 404 on nonsense and on units out of scope."""
    year, within = asked(request)
    year = year or clock.school_year()
    return training_statistics(request.user, year=year, within=within), year_of(year), closed_years()


@policy(*READERS)
@require_safe
def statistics(request: HttpRequest) -> HttpResponse:
    """People, person-times, class-hours and results of a year, by rank, category and kind of training."""
    form, held, years = _form(request)
    context = {
        "form": form,
        "held": held,
        "year": form.year,
        "years": years,
        "groups": [*form.ranks, form.whole],
        "categories": [*form.categories, form.whole],
    }
    return render(request, "trainees/statistics.html", context)


@policy(*READERS)
@require_safe
def statistics_file(request: HttpRequest, extension: str) -> HttpResponseBase:
    """The same as PDF or workbook. Sums alone: no person is named in it."""
    form, held, _years = _form(request)
    now = clock.now()
    if extension == "pdf":
        content, kind = build_statistics(form, held, now=now).content, PDF
    else:
        content, kind = build_statistics_workbook(form, held, now=now), XLSX
    name = statistics_file_name(form, extension)
    return download_response(io.BytesIO(content), name=name, content_type=kind, size=len(content))
