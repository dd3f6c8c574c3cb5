"""Views of the credit report that a reader keeps: to open, rename, open the page with, delete. Nobody else's are found."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partyschool.accounts.policies import policy
from partyschool.common.errors import InvalidInput
from trainees.forms import SavedViewForm
from trainees.models import SavedView
from trainees.selectors.credit_report import read_query
from trainees.selectors.organisation import closed_years
from trainees.selectors.saved_views import REPORT, views_of
from trainees.services.credit_report import READERS
from trainees.services.saved_views import delete_view, rename_view, save_view, set_default_view

from .credit_report import posted_query


def _report(query: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('trainees:organisation_cadres')}?{query}", status=303)


def _list() -> HttpResponse:
    return HttpResponseRedirect(reverse("trainees:saved_views"), status=303)


def _own(request: HttpRequest, view_id: int) -> SavedView:
    return get_object_or_404(SavedView.objects.visible_to(request.user), pk=view_id, page=REPORT)


def _entered_name(request: HttpRequest) -> str:
    """Raises `InvalidInput`."""
    form = SavedViewForm(request.POST)
    if not form.is_valid():
        raise InvalidInput(_("A name of at most %(most)s characters is needed.") % {"most": 40})
    name: str = form.cleaned_data["name"]
    return name


@policy(*READERS)
@require_http_methods(["GET", "HEAD", "POST"])
def views(request: HttpRequest) -> HttpResponse:
    """The reader's views; a POST keeps the one on the page under a name."""
    request.back_url = reverse("trainees:organisation_cadres")
    if request.method != "POST":
        return render(request, "trainees/saved_views.html", {"views": views_of(request.user, page=REPORT)})
    query = posted_query(request).as_address()
    view = save_view(
        page=REPORT,
        name=_entered_name(request),
        query=query,
        is_default="is_default" in request.POST,
        by=request.user,
    )
    messages.success(request, _("The view “%(name)s” is kept.") % {"name": view.name})
    return _report(query)


@policy(*READERS)
@require_safe
def view(request: HttpRequest, view_id: int) -> HttpResponse:
    """Open a view: what it asks, as far as the reader may ask it today."""
    saved = _own(request, view_id)
    kept, years = QueryDict(saved.query), closed_years()
    asked = read_query(request.user, kept, years=years, lenient=True)
    if kept.get("unit") and asked.unit is None:
        messages.warning(
            request,
            _("The unit of this view is no longer one of yours. You see the people you are responsible for."),
        )
    return _report(asked.as_address())


@policy(*READERS)
@require_POST
def rename(request: HttpRequest, view_id: int) -> HttpResponse:
    """Give a view another name."""
    request.back_url = reverse("trainees:saved_views")
    saved = rename_view(view_id=_own(request, view_id).pk, name=_entered_name(request), by=request.user)
    messages.success(request, _("The view is now called “%(name)s”.") % {"name": saved.name})
    return _list()


@policy(*READERS)
@require_POST
def set_default(request: HttpRequest, view_id: int) -> HttpResponse:
    """Open the report with a view from now on, or no longer."""
    wanted = request.POST.get("wanted") != "no"
    saved = set_default_view(view_id=_own(request, view_id).pk, is_default=wanted, by=request.user)
    text = (
        _("The report opens with “%(name)s”.") if wanted else _("The report no longer opens with “%(name)s”.")
    )
    messages.success(request, text % {"name": saved.name})
    return _list()


@policy(*READERS)
@require_POST
def delete(request: HttpRequest, view_id: int) -> HttpResponse:
    """Delete a view."""
    saved = _own(request, view_id)
    delete_view(view_id=saved.pk, by=request.user)
    messages.success(request, _("The view “%(name)s” is deleted.") % {"name": saved.name})
    return _list()
