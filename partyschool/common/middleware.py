"""What every request passes: expected refusals become pages, personal pages are not cached, the admin gets its own CSP."""

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from .attempts import refusal_status
from .errors import DomainError

GetResponse = Callable[[HttpRequest], HttpResponse]


def refusal_response(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The page (or htmx fragment) that shows `error`.

    A view may set `request.back_url` to say where the page's way back leads.
    """
    status = refusal_status(error)
    context = {"denial": error, "back_url": getattr(request, "back_url", "")}
    if getattr(request, "htmx", False):
        # Without the request: the frame's context (menu, notices, languages) would cost five times the fragment.
        return HttpResponse(render_to_string("includes/_denial.html", context), status=status)
    return render(request, "409.html", context, status=status)


class ReadableAddressMiddleware:
    """Refuses addresses with a NUL in them: no page means it, and the database cannot hold it in a text."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("The address contains a NUL.")
        return self.get_response(request)


class ExpectedErrorMiddleware:
    """Shows a `DomainError` that a view let through; every other exception stays a fault."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DomainError):
            return refusal_response(request, exception)
        return None


class PersonalPagesMiddleware:
    """Pages of a logged-in reader are never kept by a cache on the way."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if (
            "sessionid" in request.COOKIES
            or not getattr(request, "user", None)
            or request.user.is_authenticated
        ):
            add_never_cache_headers(response)
            patch_vary_headers(response, ("Cookie",))
        return response


class AdminContentPolicyMiddleware:
    """The admin theme's Alpine.js needs eval and inline styles; no other page gets them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            update = {"script-src": [UNSAFE_EVAL, UNSAFE_INLINE], "style-src": [SELF, UNSAFE_INLINE]}
            response._csp_update = update  # type: ignore[attr-defined]  # read by django-csp
        return response
