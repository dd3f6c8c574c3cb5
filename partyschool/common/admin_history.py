"""The history of a record: what was edited in the administration and what services did, in one list."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from .deeds import Deed, history_of


class HistoryMixin:
    """Over Django's admin options: adds the deeds that the reader may know of to the log of edits."""

    object_history_template = "admin/history.html"

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().history_view(request, object_id, extra_context)  # type: ignore[misc]  # a mixin over Django's admin options
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            context = response.context_data
            edits = [
                Deed(edit.action_time, edit.user, edit.get_change_message())
                for edit in context["action_list"]
            ]
            deeds = history_of(context["object"], request.user)
            context["entries"] = sorted([*edits, *deeds], key=lambda entry: entry.at, reverse=True)
        return response
