from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from partyschool.accounts.policies import policy
from partyschool.common.paging import keyset_page
from partyschool.notices.models import Notice
from partyschool.notices.services.reading import read_all_notices, read_notice


@policy()
@require_GET
def notice_list(request: HttpRequest) -> HttpResponse:
    """The reader's notices, newest first."""
    page = keyset_page(
        Notice.objects.visible_to(request.user),
        order=("-created_at", "-id"),
        size=30,
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    return render(request, "notices/list.html", {"page": page})


@policy()
@require_POST
def notice_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Mark a notice read and go where it points to, inside the portal."""
    try:
        notice = read_notice(notice_id=pk, by=request.user)
    except Notice.DoesNotExist as error:
        raise Http404 from error
    inside = url_has_allowed_host_and_scheme(notice.url, allowed_hosts=None)
    return HttpResponseRedirect(notice.url if inside else reverse("notices:list"), status=303)


@policy()
@require_POST
def notices_read(request: HttpRequest) -> HttpResponse:
    """Mark all notices of the reader read."""
    number = read_all_notices(by=request.user)
    messages.success(
        request,
        ngettext("%(n)s notice marked as read.", "%(n)s notices marked as read.", number) % {"n": number},
    )
    return HttpResponseRedirect(reverse("notices:list"), status=303)
