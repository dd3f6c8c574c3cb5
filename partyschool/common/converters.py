"""Numbers in the path of an address, no larger than what they can name: `<key:…>` a row, `<year:…>` a school year."""

from django.urls import register_converter
from django.urls.converters import IntConverter


class KeyConverter(IntConverter):
    """The key of a row. Django's own `int` has no limit, and PostgreSQL refuses what no key column can hold."""

    regex = "[0-9]{1,18}"


class YearConverter(IntConverter):
    """A year of four digits."""

    regex = "[1-9][0-9]{3}"


register_converter(KeyConverter, "key")
register_converter(YearConverter, "year")
