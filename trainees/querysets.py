"""Who may read which trainee records: one rule for the person, followed by everything that hangs on the person."""

from typing import Any

from django.db.models import Q

from partyschool.accounts.enums import Role
from partyschool.common.scoping import EVERYTHING, ScopedQuerySet
from trainees.enums import ConductState


def cadre_condition(user: Any, to_cadre: str = "") -> Q:
    """Rows whose cadre `user` may see; `to_cadre` is the lookup from the row to the cadre, e.g. `"cadre__"`.

    Staff, leaders and auditors see the school's cadres, organisation departments and officers those of their subtrees,
    everyone sees the own record.
    """
    condition = user.scope.unit_condition(f"{to_cadre}unit__path")
    if user.scope.whole_school:
        return condition
    return condition | Q(**{f"{to_cadre}user": user.pk})


def rostered_condition(user: Any, to_offering: str) -> Q:
    """Rows of offerings in which `user` teaches a lesson or leads."""
    if not user.scope.has(Role.TEACHER):
        return Q(pk__in=[])
    return Q(**{f"{to_offering}__lessons__teacher__user": user.pk}) | Q(
        **{f"{to_offering}__lead_teacher__user": user.pk}
    )


class CadreQuerySet(ScopedQuerySet):
    def scope_for(self, user: Any) -> Q:
        return cadre_condition(user)


class CadreRecordQuerySet(ScopedQuerySet):
    """Records that hang on a cadre by a `cadre` column."""

    def scope_for(self, user: Any) -> Q:
        return cadre_condition(user, "cadre__")

    def of_cadre(self, cadre: Any) -> "CadreRecordQuerySet":
        """The records of one cadre that the caller obtained through `Cadre.objects.visible_to(user)`."""
        return self.filter(cadre=cadre).unscoped("the cadre itself was read in scope")


class DrawRecordQuerySet(CadreRecordQuerySet):
    """Rankings and what a draw gave: the school's business and one's own, not that of the own unit or organisation department."""

    def scope_for(self, user: Any) -> Q:
        return EVERYTHING if user.scope.whole_school else Q(cadre__user=user.pk)


class EnrolmentRecordQuerySet(ScopedQuerySet):
    """Records that hang on an enrolment, seen by whoever sees its cadre."""

    def scope_for(self, user: Any) -> Q:
        return cadre_condition(user, "enrolment__cadre__")


class EnrolmentQuerySet(CadreRecordQuerySet):
    def scope_for(self, user: Any) -> Q:
        own = Q(pk__in=self.model._base_manager.filter(rostered_condition(user, "offering")).values("pk"))
        return super().scope_for(user) | own if user.scope.has(Role.TEACHER) else super().scope_for(user)


class RosterRecordQuerySet(EnrolmentRecordQuerySet):
    """Records that hang on an enrolment, seen besides by whoever teaches or leads its offering."""

    def scope_for(self, user: Any) -> Q:
        condition = super().scope_for(user)
        if not user.scope.has(Role.TEACHER):
            return condition
        taught = self.model._base_manager.filter(rostered_condition(user, "enrolment__offering"))
        return condition | Q(pk__in=taught.values("pk"))


class EvidenceQuerySet(CadreRecordQuerySet):
    """Files go by the cadre; those of an objection besides by the unit of the year, those of a leave by the class teacher."""

    def scope_for(self, user: Any) -> Q:
        condition = super().scope_for(user)
        if user.scope.whole_school:
            return condition
        condition |= user.scope.unit_condition("objection__assessment__unit__path")
        if not user.scope.has(Role.TEACHER):
            return condition
        return condition | Q(leave__enrolment__offering__lead_teacher__user=user.pk)


class ConductQuerySet(EnrolmentRecordQuerySet):
    """Conduct scores: the school's own and the class teacher's business until the sheet is released, then like the enrolment's."""

    to_score = ""

    def scope_for(self, user: Any) -> Q:
        if user.scope.whole_school:
            return EVERYTHING
        condition = cadre_condition(user, f"{self.to_score}enrolment__cadre__") & Q(
            **{f"{self.to_score}sheet__state": ConductState.RELEASED}
        )
        if not user.scope.has(Role.TEACHER):
            return condition
        led = Q(**{f"{self.to_score}sheet__offering__lead_teacher__user": user.pk})
        return condition | led


class ConductRecordQuerySet(ConductQuerySet):
    """Records that hang on a conduct score."""

    to_score = "score__"


class NominationRecordQuerySet(ScopedQuerySet):
    """Records that hang on a nomination, seen by whoever sees its cadre."""

    def scope_for(self, user: Any) -> Q:
        return cadre_condition(user, "nomination__cadre__")


class AssessmentQuerySet(CadreRecordQuerySet):
    """Yearly assessments go by the unit of that year: a transfer moves the person, not the past."""

    def scope_for(self, user: Any) -> Q:
        condition = user.scope.unit_condition("unit__path")
        return condition if user.scope.whole_school else condition | Q(cadre__user=user.pk)


class AssessmentRecordQuerySet(ScopedQuerySet):
    """Records that hang on a yearly assessment, seen like it: by the unit of that year."""

    def scope_for(self, user: Any) -> Q:
        condition = user.scope.unit_condition("assessment__unit__path")
        return condition if user.scope.whole_school else condition | Q(assessment__cadre__user=user.pk)


class CalendarFeedQuerySet(ScopedQuerySet):
    """The calendar subscriptions of oneself, and of nobody else: they lead to a person's timetable."""

    def scope_for(self, user: Any) -> Q:
        return Q(user=user.pk)


class PacketQuerySet(ScopedQuerySet):
    """Packets of recipients in scope, and those delivered to a unit in scope."""

    def scope_for(self, user: Any) -> Q:
        own = user.scope.unit_condition("recipient__path")
        if user.scope.whole_school:
            return own
        delivered = self.model._base_manager.filter(user.scope.unit_condition("deliveries__unit__path"))
        return own | Q(pk__in=delivered.values("pk"))


class DeliveryQuerySet(ScopedQuerySet):
    def scope_for(self, user: Any) -> Q:
        return user.scope.unit_condition("unit__path")


class ReceiptQuerySet(ScopedQuerySet):
    def scope_for(self, user: Any) -> Q:
        return user.scope.unit_condition("delivery__unit__path")


class SavedViewQuerySet(ScopedQuerySet):
    """One's own and nobody else's."""

    def scope_for(self, user: Any) -> Q:
        return Q(user=user.pk)


class ImportQuerySet(ScopedQuerySet):
    """Imports of cadres: the school's business, and of whoever handed the file in."""

    def scope_for(self, user: Any) -> Q:
        return EVERYTHING if user.scope.whole_school else Q(created_by=user.pk)


class ImportPartQuerySet(ScopedQuerySet):
    """What is kept of imports, seen like them."""

    def scope_for(self, user: Any) -> Q:
        return EVERYTHING if user.scope.whole_school else Q(cadre_import__created_by=user.pk)
