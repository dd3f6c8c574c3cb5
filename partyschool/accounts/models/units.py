from typing import Any

from django.db import models
from django.db.models.functions import Length
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _
from treebeard.mp_tree import MP_Node, MP_NodeManager, MP_NodeQuerySet

from partyschool.accounts.enums import UnitKind


class UnitQuerySet(MP_NodeQuerySet):
    """Units are no personal data, but nobody is offered units outside the own scope to choose from."""

    def visible_to(self, user: Any) -> "UnitQuerySet":
        return self.filter(user.scope.unit_condition("path"))

    def jurisdictions(self) -> "UnitQuerySet":
        """The organisation departments: each subtree is one jurisdiction."""
        return self.filter(kind=UnitKind.ORG_DEPARTMENT)


class UnitManager(MP_NodeManager.from_queryset(UnitQuerySet)):  # type: ignore[misc]  # treebeard has no types
    def get_queryset(self) -> UnitQuerySet:
        return UnitQuerySet(self.model, using=self._db).order_by("path")


class Unit(MP_Node):
    """A node of the unit tree: city → organisation departments → units → divisions.

    The subtree below an organisation department is its jurisdiction. `path` (treebeard) orders the tree and decides scope.
    Units move, merge and close through `accounts.services.units` alone, which keep the history (`UnitChange`); a trigger sees to it that
    every unit has its parent, and that none stands open below a closed one.
    """

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=20, choices=UnitKind)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    objects = UnitManager()

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=UnitKind.values), name="accounts_unit_kind_ck"
            ),
            models.CheckConstraint(
                condition=Exact(Length("path"), models.F("depth") * MP_Node.steplen),
                name="accounts_unit_depth_ck",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def jurisdiction(self) -> "Unit | None":
        """The organisation department that this unit answers to (itself, if it is one), or None above them all."""
        if self.kind == UnitKind.ORG_DEPARTMENT:
            return self
        return Unit.objects.get_ancestors(self).filter(kind=UnitKind.ORG_DEPARTMENT).last()

    def contains(self, other: "Unit") -> bool:
        """Whether `other` is this unit or below it."""
        return other.path.startswith(self.path)
