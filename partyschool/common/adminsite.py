"""The admin site: one log-in for the whole portal, and a plain 403 for whoever has no business here."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite

View = Callable[..., HttpResponse]


class Choices(AutocompleteJsonView):
    """The answers of a search box, each labelled by the admin of its model."""

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        return {"id": str(getattr(obj, to_field_name)), "text": self.model_admin.choice_label(obj)}  # type: ignore[attr-defined]  # every admin here is a PortalModelAdmin


class PortalAdminSite(UnfoldAdminSite):
    """Unfold's site without doors of its own: log-in, log-out and password pages are those of the portal."""

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def admitted(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return guarded(request, *args, **kwargs)

        return admitted

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        # Django makes it for every page, with some hundred addresses and permissions, but our side menu is another: made when asked for.
        if app_label is None:
            return SimpleLazyObject(lambda: super(PortalAdminSite, self).get_app_list(request))
        return super().get_app_list(request, app_label)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        return Choices.as_view(admin_site=self)(request)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("accounts:password_change")
