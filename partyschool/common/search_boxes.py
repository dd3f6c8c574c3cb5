"""Fields of the administration that are filled by searching."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.widgets import AutocompleteMixin, AutocompleteSelect, AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.db import models


class _ReadableValues(AutocompleteMixin):
    """Shows what was chosen, and nothing for a value that cannot be a key: Django asks the database for it and fails."""

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        remote = self.field.remote_field
        key = remote.model._meta.get_field(getattr(remote, "field_name", None) or remote.model._meta.pk.name)
        return super().optgroups(name, [one for one in value if _is_key(key, one)], attr)


def _is_key(key: models.Field, value: Any) -> bool:
    try:
        key.to_python(value)
    except ValidationError:
        return False
    return True


class SearchBox(_ReadableValues, AutocompleteSelect):
    """Choose one by searching."""


class SearchBoxMultiple(_ReadableValues, AutocompleteSelectMultiple):
    """Choose several by searching."""
