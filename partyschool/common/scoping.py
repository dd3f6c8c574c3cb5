"""Personal data is read through `visible_to(user)`: deny by default.

A queryset of a `ScopedModel` that is evaluated without `visible_to(user)` or `unscoped(reason)` raises `UnscopedRead`.
Django's own validation (uniqueness, constraints) runs inside `plain_reads()`, and following a foreign key uses the plain
base manager, so neither needs a scope.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Self

from django.db import models

_plain: ContextVar[bool] = ContextVar("plain_reads", default=False)


class UnscopedRead(RuntimeError):
    """Personal data was about to be read without saying for whom."""


@contextmanager
def plain_reads() -> Iterator[None]:
    """Let Django's own validation read rows without a scope; never used around code that shows rows to anyone."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


class ScopedQuerySet(models.QuerySet):
    """A queryset that knows whether its reader was named. Subclasses define `scope_for(user)`."""

    _scope: str | None = None

    def scope_for(self, user: Any) -> models.Q:
        """The rows that `user` may read, as a condition on this model. `Q(pk__in=[])` means none."""
        raise TypeError(f"{type(self).__name__} must define scope_for()")

    def visible_to(self, user: Any) -> Self:
        """The rows that `user` may read, and none else."""
        clone = self.filter(self.scope_for(user))
        clone._scope = "visible_to"
        return clone

    def unscoped(self, reason: str) -> Self:
        """All rows, for work that is not done for one reader (closing, jobs, checks). `reason` is for the next reader of the code."""
        clone = self.all()
        clone._scope = reason
        return clone

    def _clone(self) -> Self:
        clone: Self = super()._clone()  # type: ignore[misc]  # private to Django, absent from its stubs
        clone._scope = self._scope
        return clone

    def _joined(self, combined: Self, *others: models.QuerySet) -> Self:
        """Rows of several querysets together were read for somebody only if each of them was."""
        if any(getattr(other, "_scope", None) is None for other in (self, *others)):
            combined._scope = None
        return combined

    def __or__(self, other: models.QuerySet) -> Self:
        return self._joined(super().__or__(other), other)

    def __and__(self, other: models.QuerySet) -> Self:
        return self._joined(super().__and__(other), other)

    def union(self, *others: models.QuerySet, all: bool = False) -> Self:  # noqa: A002 -- Django's own signature
        return self._joined(super().union(*others, all=all), *others)

    def _require_scope(self) -> None:
        if self._scope is None and not _plain.get() and self._result_cache is None:
            raise UnscopedRead(
                f"{self.model._meta.label} was read without .visible_to(user) or .unscoped(reason)",
            )

    def _fetch_all(self) -> None:
        self._require_scope()
        super()._fetch_all()

    def iterator(self, *args: Any, **kwargs: Any) -> Any:
        self._require_scope()
        return super().iterator(*args, **kwargs)

    def count(self) -> int:
        self._require_scope()
        return super().count()

    def exists(self) -> bool:
        self._require_scope()
        return super().exists()

    def aggregate(self, *args: Any, **kwargs: Any) -> Any:
        self._require_scope()
        return super().aggregate(*args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        self._require_scope()
        return super().update(**kwargs)

    def delete(self) -> Any:
        self._require_scope()
        return super().delete()

    def raw(self, *args: Any, **kwargs: Any) -> Any:
        """Raw SQL knows nothing of the rows this queryset was narrowed to: refused, whatever the scope."""
        raise UnscopedRead(f"{self.model._meta.label} is never read by raw SQL through its manager")


NOBODY = models.Q(pk__in=[])
EVERYTHING = models.Q()


class ScopedModel(models.Model):
    """Base of every model with personal data. The concrete model sets `objects = <Its>QuerySet.as_manager()`."""

    class Meta:
        abstract = True

    def validate_unique(self, exclude: Any = None) -> None:
        with plain_reads():
            super().validate_unique(exclude)

    def validate_constraints(self, exclude: Any = None) -> None:
        with plain_reads():
            super().validate_constraints(exclude)
