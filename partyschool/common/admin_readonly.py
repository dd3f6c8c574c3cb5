"""Fields that a page of the administration only shows: a related record is a link for those alone who may open it."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.helpers import AdminForm
from django.http import HttpRequest, HttpResponse
from unfold.fields import UnfoldAdminReadonlyField
from unfold.forms import Fieldline, Fieldset


class ShownField(UnfoldAdminReadonlyField):
    def get_admin_url(self, remote_field: Any, remote_obj: Any) -> str:
        site = self.model_admin.admin_site
        if not site.is_registered(remote_field.model):
            return str(remote_obj)
        if not site.get_model_admin(remote_field.model).has_view_permission(self.form.request, remote_obj):
            return str(remote_obj)
        return super().get_admin_url(remote_field, remote_obj)


class ShownLine(Fieldline):
    def __iter__(self) -> Iterator[Any]:
        for position, name in enumerate(self.fields):
            if name in self.readonly_fields:
                yield ShownField(self.form, name, is_first=position == 0, model_admin=self.model_admin)
            else:
                yield from Fieldline(self.form, name, self.readonly_fields, model_admin=self.model_admin)


class ShownFieldset(Fieldset):
    def __iter__(self) -> Iterator[Any]:
        for line in self.fields:
            yield ShownLine(self.form, line, self.readonly_fields, model_admin=self.model_admin)


class ReadersForm(AdminForm):
    """The form of a page, laid out for who asked for it."""

    def __init__(self, laid_out: AdminForm, request: Any) -> None:
        super().__init__(
            laid_out.form,
            laid_out.fieldsets,
            {},
            readonly_fields=laid_out.readonly_fields,
            model_admin=laid_out.model_admin,
        )
        self.prepopulated_fields = laid_out.prepopulated_fields
        self.form.request = request  # type: ignore[attr-defined]  # read by `ShownField`, which Django makes without one

    def __iter__(self) -> Iterator[Any]:
        for name, options in self.fieldsets:
            yield ShownFieldset(
                self.form,
                name,
                readonly_fields=self.readonly_fields,
                model_admin=self.model_admin,
                **options,
            )


class FormFieldsMixin:
    """Over Django's admin options: what exists only to be filled in is left out for those who may only read."""

    only_in_forms: tuple[str, ...] = ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)  # type: ignore[misc]  # a mixin over Django's admin options
        if not self.only_in_forms or obj is None or self.has_change_permission(request, obj):  # type: ignore[attr-defined]  # as above
            return fieldsets
        return [
            (
                name,
                {
                    **options,
                    "fields": [field for field in options["fields"] if field not in self.only_in_forms],
                },
            )
            for name, options in fieldsets
        ]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["adminform"] = ReadersForm(context["adminform"], request)
        return super().render_change_form(request, context, *args, **kwargs)  # type: ignore[misc]  # as above
