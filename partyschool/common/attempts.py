"""Trying a service from a page: what it refuses is kept on the request, and told on the page that is shown next."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from .errors import Busy, DomainError, NotFound


@contextmanager
def attempt(request: HttpRequest, *, reread: Model | None = None) -> Iterator[None]:
    """Ends the block at a refusal, which `denial_of(request)` then knows; `reread` is loaded again, so that the page shows what is stored."""
    try:
        yield
    except DomainError as error:
        request.denial = error  # type: ignore[attr-defined]  # read by denial_of
        if reread is not None:
            reread.refresh_from_db()


def denial_of(request: HttpRequest) -> DomainError | None:
    """What was refused while answering `request`, if anything was."""
    return getattr(request, "denial", None)


def refusal_status(error: DomainError) -> int:
    """404 for unknown things, 503 for a busy system, else 409."""
    return 404 if isinstance(error, NotFound) else 503 if isinstance(error, Busy) else 409


def render_attempt(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The page of a form; with what was refused as `denial` and in its status, if something was."""
    denial = denial_of(request)
    return render(
        request, template, {**context, "denial": denial}, status=refusal_status(denial) if denial else 200
    )
