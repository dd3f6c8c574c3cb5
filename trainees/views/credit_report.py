"""The credit report: the cadres of a closed year in the columns that the reader chose, and the workbook of the same."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from partyschool.accounts.policies import policy
from partyschool.common.paging import keyset_page
from trainees.forms import CreditReportForm, SavedViewForm
from trainees.selectors.credit_report import ORDERS, ReportQuery, read_query, report_page, report_rows
from trainees.selectors.credit_report_columns import COLUMNS
from trainees.selectors.exports import exports_of
from trainees.selectors.organisation import closed_years, whole_of
from trainees.selectors.saved_views import REPORT, default_view, views_of
from trainees.selectors.year_states import year_of
from trainees.services.credit_report import READERS, start_export


def posted_query(request: HttpRequest) -> ReportQuery:
    """What a form sends along as the view on the page. Raises `UnitOutOfScope`."""
    return read_query(request.user, QueryDict(request.POST.get("query", "")), years=closed_years())


@policy(*READERS)
@require_safe
def cadres(request: HttpRequest) -> HttpResponse:
    """The cadres of a closed year with their results, filtered, sorted, page by page. A bare address opens the reader's default view."""
    if not request.GET and (view := default_view(request.user, page=REPORT)):
        return redirect("trainees:saved_view", view_id=view.pk)
    years = closed_years()
    asked = read_query(request.user, request.GET, years=years)
    year = asked.year or (years[0] if years else 0)
    page = keyset_page(
        report_rows(request.user, asked, year=year),
        order=ORDERS[asked.sort],
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    here = asked.as_address()
    context: dict[str, Any] = {
        "filter_form": CreditReportForm(asked, years=years, user=request.user),
        "asked": asked,
        "page": page,
        "rows": report_page(page.rows, asked.columns),
        "columns": [COLUMNS[key] for key in asked.columns],
        "year": year,
        "years": years,
        "held": year_of(year) if years else None,
        "within": asked.unit or whole_of(request.user),
        "views": views_of(request.user, page=REPORT),
        "view_form": SavedViewForm(),
        "here": here,
        "share_url": request.build_absolute_uri(f"{request.path}?{here}"),
    }
    return render(request, "trainees/organisation_cadres.html", context)


@policy(*READERS)
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """Order the workbook of what the page shows; its job tells how far it is and hands it out."""
    job = start_export(asked=posted_query(request), by=request.user)
    return HttpResponseRedirect(reverse("jobs:detail", args=[job.pk]), status=303)


@policy(*READERS)
@require_safe
def exports(request: HttpRequest) -> HttpResponse:
    """The workbooks that the reader ordered, newest first."""
    return render(request, "trainees/organisation_exports.html", {"exports": exports_of(request.user)})
