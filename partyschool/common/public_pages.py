"""Pages for everybody that caches on the way may keep for a moment, so that a crowd costs the school no more than one reader."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control, patch_vary_headers

View = Callable[..., HttpResponse]


def kept_for(seconds: int) -> Callable[[View], View]:
    """Let caches keep what nobody's log-in shapes. The page must not hold a form token: it would be given to every reader.

    Language and log-in stand in cookies, so the answer varies by them: readers without any share one copy.
    """

    def keep(view: View) -> View:
        @wraps(view)
        def kept(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            response = view(request, *args, **kwargs)
            own = settings.SESSION_COOKIE_NAME in request.COOKIES or request.user.is_authenticated
            if response.status_code == 200 and not own:
                patch_cache_control(response, public=True, max_age=seconds)
                patch_vary_headers(response, ("Cookie", "Accept-Language"))
            return response

        return kept

    return keep
