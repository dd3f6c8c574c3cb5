from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django_htmx.http import HttpResponseClientRedirect

from .policies import policy_of

# Beside public pages, what somebody who still has a start password may open: the page that changes it and the way out.
BEFORE_OWN_PASSWORD = frozenset({"accounts:password_change", "accounts:logout"})


class PolicyMiddleware:
    """Admits a request by the policy that its view declares. Admin views are guarded by the admin site itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: tuple, kwargs: dict) -> None:
        declared = policy_of(view)
        if declared is not None:
            declared.admit(request)


class StartPasswordMiddleware:
    """Who logged in with a start password chooses an own one first: every other page that is not public leads there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: tuple, kwargs: dict) -> HttpResponse | None:
        if not getattr(request.user, "must_change_password", False):
            return None
        declared = policy_of(view)
        name = request.resolver_match.view_name if request.resolver_match else ""
        if (declared is not None and declared.public) or name in BEFORE_OWN_PASSWORD:
            return None
        page = reverse("accounts:password_change")
        return HttpResponseClientRedirect(page) if getattr(request, "htmx", False) else redirect(page)
