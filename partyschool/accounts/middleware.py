from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from .policies import policy_of


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
