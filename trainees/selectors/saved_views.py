"""The views of a list that somebody keeps."""

from typing import Any

from trainees.models import SavedView

REPORT = "organisation_cadres"
"""The credit report, as `SavedView.page` names it."""


def views_of(user: Any, *, page: str) -> list[SavedView]:
    """The own views of `page` by name. One query."""
    return list(SavedView.objects.visible_to(user).filter(page=page).order_by("name"))


def default_view(user: Any, *, page: str) -> SavedView | None:
    """The own view that `page` opens with. One query."""
    return SavedView.objects.visible_to(user).filter(page=page, is_default=True).first()
