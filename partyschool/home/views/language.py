"""The language of the portal on a page of its own, for pages that hold no form."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from partyschool.accounts.policies import policy


@policy(public=True)
@require_safe
def language(request: HttpRequest) -> HttpResponse:
    """Choose a language and go (back) to `next`, a page of this portal."""
    wanted = request.GET.get("next", "")
    own = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return render(request, "home/language.html", {"language_next": wanted if own else "/"})
