"""Pages of our own in the administration, in the frame of Django's: one way to look, to try a service, to say it is done and to go on.

Unfold's actions bring a page its button, address and right, and no more: its dialogs show neither a preview nor a refusal. Django's generic
views would make a class of every page. So a page is a method, and what such methods share stands here.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse

from .attempts import attempt, denial_of
from .search_boxes import SearchBox

View = Callable[..., HttpResponseBase]


class PagesMixin:
    """Over Django's admin options. A page that does something reads

        found = self.row_to_change(request, object_id)
        form = AnswerForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request, reread=found):
                answer(found_id=found.pk, by=request.user, **form.cleaned_data)
                return self.done(request, _("Answered."), self.page_of(found))
        return self.page(request, "admin/answer.html", title=_("Answer"), obj=found, form=form)

    and a refusal of the service is told on that page, which then answers 409.
    """

    # -- addresses

    def own_pages(self) -> list[tuple[str, str, View]]:
        """Route below the list, name and view of each page beside Django's own; the URL is called `<app>_<model>_<name>`."""
        return []

    def get_urls(self) -> list[Any]:
        own = [
            path(route, self.admin_site.admin_view(view), name=f"{self._stem}_{name}")  # type: ignore[attr-defined]  # a mixin over Django's admin options
            for route, name, view in self.own_pages()
        ]
        return own + super().get_urls()  # type: ignore[misc]  # as above

    def page_of(self, obj: models.Model) -> str:
        """The address of the page of `obj`, a row of this list."""
        return reverse(f"admin:{self._stem}_change", args=[obj.pk])

    def list_page(self) -> str:
        """The address of this list."""
        return reverse(f"admin:{self._stem}_changelist")

    @property
    def _stem(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"  # type: ignore[attr-defined]  # as above

    # -- rights

    def get_or_404(self, request: HttpRequest, object_id: Any) -> Any:
        """The row if `request.user` may see it; for others it does not exist."""
        found = self.get_object(request, str(object_id))  # type: ignore[attr-defined]  # as above
        if found is None:
            raise Http404
        return found

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the user may do what changes a row, in whatever state it is: the services judge the state."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")  # type: ignore[attr-defined]  # as above

    def require_change(self, request: HttpRequest) -> None:
        """Raises `PermissionDenied` for a user who may look but not act."""
        if not self.has_act_permission(request):
            raise PermissionDenied

    def row_to_see(self, request: HttpRequest, object_id: Any) -> Any:
        """The row, for whoever may look at such rows. Raises `PermissionDenied`, `Http404`."""
        if not self.has_view_permission(request):  # type: ignore[attr-defined]  # as above
            raise PermissionDenied
        return self.get_or_404(request, object_id)

    def row_to_change(self, request: HttpRequest, object_id: Any) -> Any:
        """The row, for whoever may act on such rows. Raises `PermissionDenied`, `Http404`."""
        self.require_change(request)
        return self.get_or_404(request, object_id)

    # -- answers

    def attempt(self, request: HttpRequest, *, reread: models.Model | None = None) -> AbstractContextManager:
        """Try a service within: a refusal ends the block and is told on the page that this request shows next. See `attempts`."""
        return attempt(request, reread=reread)

    def done(self, request: HttpRequest, text: Any, to: str) -> HttpResponseRedirect:
        """Say `text` on the page `to`, and go there."""
        messages.success(request, text)
        return HttpResponseRedirect(to)

    def page(
        self,
        request: HttpRequest,
        template: str,
        *,
        title: Any,
        obj: models.Model | None = None,
        **context: Any,
    ) -> TemplateResponse:
        """A page in the frame of Django's own; 409 with what was refused, if something was."""
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]  # as Django's own admin views do
        frame = {**self.admin_site.each_context(request), "opts": self.opts, "original": obj, "title": title}  # type: ignore[attr-defined]  # as above
        frame["denial"] = denial_of(request)
        return TemplateResponse(
            request, template, {**frame, **context}, status=409 if frame["denial"] else 200
        )

    def search_for(self, field: Any, like: models.Field, among: models.QuerySet) -> None:
        """Make `field` of a form a search box over `among`, which looks things up as the search box of `like` does."""
        field.queryset = among
        field.widget = SearchBox(like, self.admin_site)  # type: ignore[attr-defined]  # as above
        field.widget.choices = field.choices


class OwnPageMixin:
    """Over an admin with `PagesMixin`: a row is shown by `show`, on a page of its own instead of Django's form, and changed by other pages."""

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method == "POST":
            raise PermissionDenied
        return self.show(request, self.row_to_see(request, object_id))  # type: ignore[attr-defined]  # as above

    def show(self, request: HttpRequest, found: Any) -> HttpResponse:
        """The page of `found`; the answer to a refused deed as well."""
        raise TypeError(f"{type(self).__name__} must define show()")
