"""What every admin page stands on: scope, no deletion, capped counts, refusals on the same page, an audit event per change."""

from decimal import Decimal
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import IntegrityError, models
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.views import ChangeList

from . import clock
from .admin_history import HistoryMixin
from .admin_pages import PagesMixin
from .admin_readonly import FormFieldsMixin
from .deeds import tell
from .errors import DomainError
from .locking import violated_constraint
from .numbers import whole_number
from .paging import COUNT_CAP
from .scoping import ScopedQuerySet
from .search_boxes import SearchBox, SearchBoxMultiple
from .stale_forms import StaleFormMixin

ROWS_MOST = 300
"""Rows that one form takes: more than one a day of an offering that lasts the year."""


class CappedPaginator(Paginator):
    """Counts up to `COUNT_CAP` and pages no further: who looks for row 20,000 searches or filters."""

    template_name = "admin/_pagination.html"

    @cached_property
    def found(self) -> int:
        """Rows found, at most `COUNT_CAP` + 1."""
        rows = self.object_list
        if isinstance(rows, models.QuerySet):
            return len(rows.order_by().values_list("pk", flat=True)[: COUNT_CAP + 1])
        return len(rows)

    @cached_property
    def count(self) -> int:
        return min(self.found, COUNT_CAP)

    @property
    def capped(self) -> bool:
        return self.found > COUNT_CAP


class YearFilter(admin.SimpleListFilter):
    """By school year: the coming, this and the four before, asked of no table. A subclass names another column."""

    title = _("year")
    parameter_name = "year"
    column = "year"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        this_year = clock.school_year()
        return [(str(year), str(year)) for year in range(this_year + 1, this_year - 5, -1)]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet) -> models.QuerySet:
        year = whole_number(self.value() or "")
        return queryset if year is None else queryset.filter(**{self.column: year})


def refusal_text(error: DomainError) -> str:
    """A `DomainError` as the sentences of one message."""
    if error.facts:
        first = _("%(title)s: %(facts)s") % {"title": error.title, "facts": error.facts}
    else:
        first = str(error.title)
    again = (
        _("It may be possible from %(time)s.") % {"time": clock.in_words(error.retry_at)}
        if error.retry_at
        else ""
    )
    return " ".join(_sentence(text) for text in (first, error.what_to_do, again) if text)


def _sentence(text: Any) -> str:
    plain = str(text).strip()
    return (
        plain
        if plain.endswith((".", "!", "?", "。", "！", "？"))
        else str(_("%(sentence)s.") % {"sentence": plain})
    )


def constraint_text(error: IntegrityError) -> str:
    """What the rule behind `error` tells a user, as its model says it."""
    name = violated_constraint(error)
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if (
                constraint.name == name
                and constraint.violation_error_message != constraint.default_violation_error_message
            ):
                return str(constraint.violation_error_message)
    return _("A rule of the database refuses this (%(rule)s). Nothing was saved.") % {"rule": name or "?"}


class _RefusedForm(forms.BaseModelForm):
    """A form whose saving was refused after validation: shown again with all that was entered."""

    refusal = ""

    def clean(self) -> dict[str, Any] | None:
        super().clean()
        raise ValidationError(self.refusal)


class PortalChangeList(ChangeList):
    """A list whose filters answer every damaged address alike: without the filter, and saying so."""

    def get_filters(self, request: HttpRequest) -> Any:
        try:
            return super().get_filters(request)
        except OverflowError as error:  # a date filter asked for a year beyond every calendar
            raise IncorrectLookupParameters(error) from error


class ScopedAdminMixin:
    """Rows and choices of scoped models are those the user may see; nothing is ever deleted."""

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        queryset = super().get_queryset(request)  # type: ignore[misc]  # a mixin over Django's admin options
        return queryset.visible_to(request.user) if isinstance(queryset, ScopedQuerySet) else queryset

    def get_field_queryset(
        self, db: str | None, db_field: Any, request: HttpRequest
    ) -> models.QuerySet | None:
        queryset = super().get_field_queryset(db, db_field, request)  # type: ignore[misc]  # as above
        if queryset is None:
            queryset = db_field.remote_field.model._default_manager.all()
        return queryset.visible_to(request.user) if isinstance(queryset, ScopedQuerySet) else queryset

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):  # type: ignore[attr-defined]  # as above
            kwargs.setdefault("widget", SearchBox(db_field, self.admin_site, using=kwargs.get("using")))  # type: ignore[attr-defined]  # as above
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]  # as above

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):  # type: ignore[attr-defined]  # as above
            kwargs.setdefault(
                "widget",
                SearchBoxMultiple(db_field, self.admin_site, using=kwargs.get("using")),  # type: ignore[attr-defined]  # as above
            )
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]  # as above

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class PortalModelAdmin(
    ScopedAdminMixin, StaleFormMixin, HistoryMixin, PagesMixin, FormFieldsMixin, ModelAdmin
):
    """The base of every model admin.

    `unrecorded` names form fields whose values stay out of the audit trail; with `records_views` the trail keeps who opened a record.
    `records_edits` is off where the services that save the form tell the trail themselves.
    """

    unrecorded: tuple[str, ...] = ()
    records_edits = True
    records_views = False
    actions = None
    list_per_page = 50
    show_full_result_count = False
    paginator = CappedPaginator
    warn_unsaved_form = True

    # -- rows

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PortalChangeList

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if ERROR_FLAG in request.GET:  # Django led here from an address it could not follow
            messages.warning(
                request,
                _("The address asked for something that this list does not have. You see the whole list."),
            )
        return super().changelist_view(request, extra_context)

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        raise Http404

    def choice_label(self, obj: Any) -> str:
        """How `obj` is offered in a search box: enough to tell two of one name apart."""
        return str(obj)

    # -- refusals

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError as error:
            refusal = constraint_text(error)
        except DomainError as error:
            refusal = refusal_text(error)
        request.refusal = str(refusal)  # type: ignore[attr-defined]  # read by get_form of this same request
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        # A field that a form class declares stays in every form made from it. One that the page does not show would come back empty:
        # refused if it must be filled in, taken for "nothing" if not.
        if "fields" not in kwargs:
            kwargs["fields"] = flatten_fieldsets(self.get_fieldsets(request, obj))
        form = super().get_form(request, obj, change, **kwargs)
        if kwargs["fields"] is not None:
            hidden = [name for name in form.declared_fields if name not in kwargs["fields"]]
            form = type(form.__name__, (form,), dict.fromkeys(hidden))
        refusal = getattr(request, "refusal", "")
        return type(form.__name__, (_RefusedForm, form), {"refusal": refusal}) if refusal else form

    # -- the form

    def beside_form(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What the templates around the form of `obj` show beside it."""
        return {}

    # -- audit

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj = kwargs.get("obj")
        if self.records_views and obj is not None and request.method == "GET":
            tell(action=f"{self.opts.model_name}.view", subject=obj, by=request.user)
        # Beside the form of a new record "save and add another" is of use; beside others it is a third button in the way.
        context.setdefault("show_save_and_add_another", obj is None)
        if obj is not None:
            context |= self.beside_form(request, obj)
        return super().render_change_form(request, context, *args, **kwargs)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        changes = changes_of(form, self.unrecorded)
        rows = [row for formset in formsets or () for row in rows_of(formset, self.unrecorded)]
        if self.records_edits and (add or changes or rows):
            data = {"changes": changes, **({"rows": rows} if rows else {})}
            tell(
                action=f"{self.opts.model_name}.{'add' if add else 'change'}",
                subject=form.instance,
                by=request.user,
                data=data,
            )
        return super().construct_change_message(request, form, formsets, add)


class ReadOnlyAdmin(PortalModelAdmin):
    """For what is written elsewhere: ledgers, enrolments, results, the audit trail."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class CountedRows:
    """A set of rows whose form claims more than it may is refused by Django; here it is shown again with the stored rows alone.

    Django would build as many empty rows as are allowed at the most, which takes seconds.
    """

    def total_form_count(self) -> int:
        claimed = self.management_form.cleaned_data["TOTAL_FORMS"] if self.is_bound else 0  # type: ignore[attr-defined]  # mixed into a formset
        if claimed > self.absolute_max:  # type: ignore[attr-defined]  # as above
            return min(self.initial_form_count(), self.absolute_max)  # type: ignore[attr-defined]  # as above
        return super().total_form_count()  # type: ignore[misc]  # as above


class PortalTabularInline(ScopedAdminMixin, TabularInline):
    """Rows of a parent, edited with it."""

    extra = 0
    hide_title = True
    show_change_link = False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        # The number of rows comes with the form: 2,000, which is Django's limit, take seconds to build.
        rows = {"max_num": ROWS_MOST, "absolute_max": ROWS_MOST}
        made = super().get_formset(request, obj, **(rows if self.max_num is None else {}), **kwargs)
        return type(made.__name__, (CountedRows, made), {})

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            # A row has no room for the buttons that add, change and view the other record.
            field.widget = field.widget.widget
        return field


class ReadOnlyInline(PortalTabularInline):
    """Rows of a parent, to look at."""

    can_delete = False
    max_num = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def changes_of(form: Any, unrecorded: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """Field name → [before, after] of what a valid form changes, JSON-ready; for `unrecorded` fields only the name."""
    return {
        name: []
        if name in unrecorded
        else [_plain(form.initial.get(name)), _plain(form.cleaned_data.get(name))]
        for name in form.changed_data
        if name in form.fields
    }


def rows_of(formset: Any, unrecorded: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """What a saved formset added, changed and struck out, JSON-ready."""
    saved = {id(row) for row in (*formset.new_objects, *(row for row, _fields in formset.changed_objects))}
    kept = [
        {"row": _name(form.instance), "changes": changes_of(form, unrecorded)}
        for form in formset.forms
        if id(form.instance) in saved
    ]
    return kept + [{"row": row._meta.label_lower, "deleted": str(row)} for row in formset.deleted_objects]


def _name(row: models.Model) -> str:
    return f"{row._meta.label_lower}:{row.pk}"


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, models.Model):
        return value.pk
    if isinstance(value, models.QuerySet | list | tuple | set):
        return [_plain(item) for item in value]
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
