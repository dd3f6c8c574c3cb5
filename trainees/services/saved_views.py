"""Views of a list that somebody keeps under a name: one's own, changed by nobody else."""

from datetime import datetime

from django.db import IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import User
from partyschool.common import clock
from partyschool.common.errors import Duplicate, InvalidInput, LimitReached, NotFound
from partyschool.common.locking import lock_row, locking_transaction, violated_constraint
from partyschool.common.plaintext import single_line
from trainees.models import SavedView

NAME_MOST = 40
QUERY_MOST = 2000
VIEWS_MOST = 30
"""Of one page, of one person: more would be a list to search in."""


class ViewNameTaken(Duplicate):
    """Another view of the page has the name."""

    code = "view_name_taken"
    title = gettext_lazy("You already have a view with this name")
    remedy = gettext_lazy("Choose another name, or delete the other view first.")


class TooManyViews(LimitReached):
    """The person keeps as many views of the page as one may."""

    code = "too_many_views"
    title = gettext_lazy("You keep as many views as possible")
    remedy = gettext_lazy("Delete one that you no longer need.")


def save_view(
    *, page: str, name: str, query: str, is_default: bool = False, by: User, now: datetime | None = None
) -> SavedView:
    """Keep `query` of `page` under `name`; with `is_default` the page opens with it from now on.

    Raises `InvalidInput`, `ViewNameTaken`, `TooManyViews`, `Busy`. Concurrency: locks the person's own account row, so that views are
    counted and the default is passed on by one at a time; the unique name decides as well.
    """
    name = _name(name)
    if len(query) > QUERY_MOST:
        raise InvalidInput(_("The filters are too long to be kept."))
    try:
        with locking_transaction():
            lock_row(User, by.pk)
            own = SavedView.objects.visible_to(by).filter(page=page)
            if own.count() >= VIEWS_MOST:
                raise TooManyViews(_("There are %(most)s views.") % {"most": VIEWS_MOST})
            if is_default:
                own.update(is_default=False)
            return SavedView.objects.create(
                user=by, page=page, name=name, query=query, is_default=is_default, saved_at=now or clock.now()
            )
    except IntegrityError as error:
        raise _taken(error, name) from error


def rename_view(*, view_id: int, name: str, by: User) -> SavedView:
    """Give one of the own views another name. Raises `NotFound`, `InvalidInput`, `ViewNameTaken`."""
    name = _name(name)
    try:
        with locking_transaction():
            if not SavedView.objects.visible_to(by).filter(pk=view_id).update(name=name):
                raise NotFound
    except IntegrityError as error:
        raise _taken(error, name) from error
    return SavedView.objects.visible_to(by).get(pk=view_id)


def set_default_view(*, view_id: int, is_default: bool, by: User) -> SavedView:
    """Let the page open with this view, or with none. Raises `NotFound`, `Busy`. Concurrency: locks the person's own account row."""
    with locking_transaction():
        lock_row(User, by.pk)
        view = SavedView.objects.visible_to(by).filter(pk=view_id).first()
        if view is None:
            raise NotFound
        SavedView.objects.visible_to(by).filter(page=view.page, is_default=True).update(is_default=False)
        view.is_default = is_default
        view.save(update_fields=["is_default"])
    return view


def delete_view(*, view_id: int, by: User) -> None:
    """Remove one of the own views: a habit of reading, no record. Raises `NotFound`."""
    removed, _by_model = SavedView.objects.visible_to(by).filter(pk=view_id).delete()
    if not removed:
        raise NotFound


def _name(entered: str) -> str:
    """Raises `InvalidInput`."""
    name = single_line(entered)
    if not name or len(name) > NAME_MOST:
        raise InvalidInput(_("A name of at most %(most)s characters is needed.") % {"most": NAME_MOST})
    return name


def _taken(error: IntegrityError, name: str) -> Exception:
    if violated_constraint(error) == "trainees_savedview_name_uq":
        return ViewNameTaken(_("The name is “%(name)s”.") % {"name": name})
    return error
