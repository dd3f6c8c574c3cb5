"""Hashes that the database computes itself."""

from django.db.models import CharField, Func


class TextSha256(Func):
    """The SHA-256 of a text's UTF-8 bytes as 64 hex digits, as `hashlib` and `sha256sum` give it; needs no extension."""

    template = "encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')"
    arity = 1
    output_field = CharField()
