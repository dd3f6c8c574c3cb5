"""Forms filled from an older version: the edit forms of the administration carry what they showed, field by field, as digests.

Who saves over somebody else's change is told which fields those are and what stands there now, and keeps all entries.
"""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.db import OperationalError, connection, models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from .errors import Busy, Stale
from .locking import LOCK_NOT_AVAILABLE, sqlstate

SEEN = "_seen"
SHOWN_MOST = 40


def seen_values(form: Any, formsets: Iterable[Any]) -> dict[str, str]:
    """Digests of what `form` and the rows of `formsets` show as stored, by field name and by `prefix:pk` of a row."""
    seen = {name: _digest(form.initial.get(name)) for name in form.fields}
    for formset in formsets:
        own_key = formset.model._meta.pk.name
        keys = {own_key, *([formset.fk.name] if formset.fk else [])}
        for row in formset.initial_forms:
            names = [name for name in row.fields if name in row.initial and name not in keys]
            if names:
                # A row that was just struck out has lost its key, but not the field that named it.
                key = row.fields[own_key].initial if own_key in row.fields else row.instance.pk
                seen[f"{formset.prefix}:{key}"] = _digest([row.initial[name] for name in names])
    return seen


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(_plain(value), default=str).encode()).hexdigest()[:12]


def _plain(value: Any) -> Any:
    if isinstance(value, models.Model):
        return str(value.pk)
    if isinstance(value, models.QuerySet | list | tuple | set):
        return [_plain(item) for item in value]
    return "" if value is None else value


class StaleFormMixin:
    """Over Django's admin options, whose edit view runs in one transaction."""

    change_form_before_template = "admin/_seen.html"

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        found = super().get_object(request, object_id, from_field)  # type: ignore[misc]  # a mixin over Django's admin options
        if found is None or request.method != "POST" or not connection.in_atomic_block:
            return found
        # Of two who save at once the second waits, and then reads what the first has written.
        locked = self.model._base_manager.select_for_update(no_key=True, of=("self",)).filter(pk=found.pk)  # type: ignore[attr-defined]  # as above
        try:
            locked.values_list("pk").first()
        except OperationalError as error:
            if sqlstate(error) == LOCK_NOT_AVAILABLE:
                raise Busy from error
            raise
        return super().get_object(request, object_id, from_field)  # type: ignore[misc]  # as above

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if kwargs.get("obj") is not None:
            formsets = [inline.formset for inline in context["inline_admin_formsets"]]
            sent = "" if getattr(request, "stale", False) else request.POST.get(SEEN, "")
            context["seen"] = sent or json.dumps(
                seen_values(context["adminform"].form, formsets), separators=(",", ":")
            )
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]  # as above

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        if not add:
            _refuse_stale(request, form, formsets or ())
        return super().construct_change_message(request, form, formsets, add)  # type: ignore[misc]  # as above


def _refuse_stale(request: HttpRequest, form: Any, formsets: Iterable[Any]) -> None:
    """Raises `Stale` when what the form showed is not what is stored. Runs after saving, in the transaction that it then undoes."""
    try:
        seen = json.loads(request.POST.get(SEEN, ""))
    except ValueError:
        return
    if not isinstance(seen, dict):
        return
    stored = seen_values(form, formsets)
    fields = [name for name in stored if name in seen and seen[name] != stored[name] and name in form.fields]
    prefixes = tuple(f"{formset.prefix}:" for formset in formsets)
    before, after = (
        {key: digest for key, digest in values.items() if key.startswith(prefixes)} if prefixes else {}
        for values in (seen, stored)
    )
    changes = [_field_text(form, name) for name in fields]
    if before != after:
        changes += [
            str(formset.model._meta.verbose_name_plural)
            for formset in formsets
            if any(
                before.get(key) != after.get(key)
                for key in {*before, *after}
                if key.startswith(f"{formset.prefix}:")
            )
        ]
    if changes:
        request.stale = True  # type: ignore[attr-defined]  # read when this request's form is shown again
        raise Stale(
            _("Changed since you opened the form: %(fields)s") % {"fields": _("; ").join(changes)},
            remedy=_("Your entries are still below. Compare them with what is stored now, then save again."),
        )


def _field_text(form: Any, name: str) -> str:
    """The label of a field, with what is stored there where that is short."""
    field, value = form.fields[name], form.initial.get(name)
    label = str(field.label or name)
    choices = getattr(field, "choices", ())
    if isinstance(value, list | tuple | models.QuerySet) or hasattr(field, "queryset"):
        return label
    text = str(dict(choices).get(value, value) if choices else "" if value is None else value)
    if not text or len(text) > SHOWN_MOST:
        return label
    return _("%(label)s (now “%(value)s”)") % {"label": label, "value": text}
