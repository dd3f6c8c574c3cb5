"""Audit events in words: what was done, and to what."""

from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# The deeds of all floors by the names that the trail stores for ever. A test finds a deed that has no words here.
DEEDS: dict[str, Any] = {
    "attendance.leave": gettext_lazy("Leaves marked on the roll"),
    "attendance.cards": gettext_lazy("Times of a card reader taken over"),
    "attendance.mark": gettext_lazy("Roll called"),
    "budget.commitment": gettext_lazy("Money committed"),
    "budget.payment": gettext_lazy("Money paid"),
    "budget.release": gettext_lazy("Commitment released"),
    "budget.reverse": gettext_lazy("Money entry reversed"),
    "cadre.correct_posting": gettext_lazy("Present posting corrected"),
    "cadre.find_by_citizen_no": gettext_lazy("Looked up by citizen number"),
    "cadre.compare_export": gettext_lazy("Comparison of training records downloaded"),
    "cadre.look_up": gettext_lazy("Training record looked up"),
    "cadre.print_record": gettext_lazy("Training record downloaded"),
    "cadre.reveal_citizen_no": gettext_lazy("Full citizen number shown"),
    "cadre.transfer": gettext_lazy("Transferred"),
    "cadreimport.check": gettext_lazy("File of cadres checked"),
    "cadreimport.clear": gettext_lazy("Content of an import cleared away"),
    "cadreimport.commit": gettext_lazy("File of cadres taken over"),
    "cadreimport.download": gettext_lazy("Marked-up copy downloaded"),
    "cadreimport.hand_in": gettext_lazy("File of cadres handed in"),
    "cadreimport.undo": gettext_lazy("Import of cadres undone"),
    "calendar.make": gettext_lazy("Calendar link made"),
    "calendar.revoke": gettext_lazy("Calendar link switched off"),
    "claim.approve": gettext_lazy("Claim recognised"),
    "claim.refuse": gettext_lazy("Claim refused"),
    "claim.return": gettext_lazy("Claim returned for more"),
    "claim.submit": gettext_lazy("Claim handed in"),
    "claim.withdraw": gettext_lazy("Claim withdrawn by the cadre"),
    "conduct.moderate": gettext_lazy("Conduct score changed in moderation"),
    "conduct.open": gettext_lazy("Conduct assessment opened"),
    "conduct.release": gettext_lazy("Conduct released"),
    "conduct.return": gettext_lazy("Conduct returned to the class teacher"),
    "conduct.score": gettext_lazy("Conduct scored"),
    "conduct.submit": gettext_lazy("Conduct submitted"),
    "credit.carry": gettext_lazy("Surplus carried over"),
    "credit.recognise": gettext_lazy("Credits recognised"),
    "credit.reverse": gettext_lazy("Credit entry reversed"),
    "demo.begin": gettext_lazy("Filling of the demo school begun"),
    "demo.finish": gettext_lazy("Demo school filled"),
    "draw.download": gettext_lazy("Files of a draw downloaded"),
    "draw.view_empty": gettext_lazy("List of those without a topic opened"),
    "enrolment.enrol": gettext_lazy("Enrolled by staff"),
    "enrolment.move": gettext_lazy("Moved by staff"),
    "enrolment.over_limit": gettext_lazy("Withdrawn by the limits of leave and absence"),
    "enrolment.select": gettext_lazy("Picked by the cadre"),
    "enrolment.swap": gettext_lazy("Swapped by the cadre"),
    "enrolment.take_back": gettext_lazy("Place taken back by staff"),
    "enrolment.withdraw": gettext_lazy("Given up by the cadre"),
    "evidence.add": gettext_lazy("Evidence handed in"),
    "evidence.read": gettext_lazy("Evidence of another person opened"),
    "file.download": gettext_lazy("File downloaded"),
    "figure.set": gettext_lazy("Training figure changed"),
    "job.cancel": gettext_lazy("Job cancelled"),
    "job.retry": gettext_lazy("Job started again"),
    "job.start": gettext_lazy("Job started"),
    "leave.approve": gettext_lazy("Leave granted"),
    "leave.ask": gettext_lazy("Leave asked for"),
    "leave.cancel": gettext_lazy("Leave cancelled"),
    "leave.refuse": gettext_lazy("Leave refused"),
    "leave.return": gettext_lazy("Return from leave noted"),
    "make_up.end": gettext_lazy("Make-up training ended"),
    "make_up.plan": gettext_lazy("Make-up training planned"),
    "objection.answer": gettext_lazy("Objection answered"),
    "objection.raise": gettext_lazy("Objection raised"),
    "objection.withdraw": gettext_lazy("Objection withdrawn"),
    "offering.cancel": gettext_lazy("Offering cancelled"),
    "offering.close": gettext_lazy("Offering closed, entries posted"),
    "offering.keep": gettext_lazy("Held below its minimum size"),
    "offering.publish": gettext_lazy("Offering published"),
    "offering.set_capacity": gettext_lazy("Seats changed"),
    "offering.set_least": gettext_lazy("Smallest size changed"),
    "offering.set_quotas": gettext_lazy("Unit quotas changed"),
    "offering.set_reservations": gettext_lazy("Reserved seats changed"),
    "override.export": gettext_lazy("List of rules set aside downloaded"),
    "ranking.save": gettext_lazy("Topics ranked"),
    "report.issue": gettext_lazy("Report issued"),
    "result.correct": gettext_lazy("Sealed result corrected"),
    "result.export_barred": gettext_lazy("List of those who cannot be rated excellent downloaded"),
    "roster.export": gettext_lazy("Roster downloaded"),
    "round.close": gettext_lazy("Round closed"),
    "round.copy": gettext_lazy("Copied from last year's round"),
    "round.open": gettext_lazy("Round opened"),
    "round.open_change": gettext_lazy("Change window opened"),
    "round.publish": gettext_lazy("Draw published"),
    "round.review": gettext_lazy("Draw held"),
    "round.run": gettext_lazy("Draw started"),
    "round.seal": gettext_lazy("Rankings sealed"),
    "round.set_openings": gettext_lazy("Openings of units changed"),
    "scheme.copy": gettext_lazy("New version drafted"),
    "scheme.put_in_force": gettext_lazy("Put in force"),
    "teaching.reverse": gettext_lazy("Teaching entry reversed"),
    "unit.closed": gettext_lazy("Unit closed down"),
    "unit.created": gettext_lazy("Unit created"),
    "unit.merged": gettext_lazy("Unit merged into another"),
    "unit.moved": gettext_lazy("Unit moved"),
    "unit.renamed": gettext_lazy("Unit renamed"),
    "unit.reopened": gettext_lazy("Unit reopened"),
    "unit.set_kind": gettext_lazy("Kind of the unit changed"),
    "user.create_administrator": gettext_lazy("First administrator made"),
    "user.start_password": gettext_lazy("Start password set"),
    "waiting.accept": gettext_lazy("Offered seat accepted"),
    "waiting.decline": gettext_lazy("Offered seat declined"),
    "waiting.end": gettext_lazy("Waiting list ended"),
    "waiting.expire": gettext_lazy("Offered seat lapsed"),
    "waiting.join": gettext_lazy("Got in line"),
    "waiting.leave": gettext_lazy("Left the line"),
    "waiting.offer": gettext_lazy("Seat offered to the next in line"),
    "waiting.priority": gettext_lazy("Moved in line by hand"),
    "waiting.promote": gettext_lazy("Seat given to the next in line"),
    "year.open_objections": gettext_lazy("Year opened to objections"),
    "year.seal": gettext_lazy("Year sealed"),
    "year.close": gettext_lazy("Year closed"),
}
# What the administration does to any kind of record.
EDITS: dict[str, Any] = {
    "add": gettext_lazy("Record added"),
    "change": gettext_lazy("Record changed"),
    "view": gettext_lazy("Record opened"),
}


def deed_text(action: str) -> str:
    """What was done; a name without words stands for itself."""
    return str(DEEDS.get(action) or EDITS.get(action.rpartition(".")[2]) or action)


def subject_text(subject: str) -> str:
    """`courses.offering:12` as kind and number; what is no record of the portal stands for itself."""
    label, _colon, number = subject.partition(":")
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return subject
    return _("%(kind)s %(number)s") % {"kind": model._meta.verbose_name, "number": number}
