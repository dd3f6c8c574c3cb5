from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Rank(models.TextChoices):
    COUNTY_DIVISION = "county_division", _("County-division level")
    TOWNSHIP_SECTION = "township_section", _("Township-section level")
    STAFF = "staff", _("Staff member level")


class CadreCategory(models.TextChoices):
    CIVIL_SERVANT = "civil_servant", _("Civil servant")
    INSTITUTION_MANAGER = "institution_manager", _("Public institution manager")
    ENTERPRISE_EXECUTIVE = "enterprise_executive", _("Enterprise executive")
    NON_PARTY = "non_party", _("Non-party personage")


class EnrolmentState(models.TextChoices):
    ENROLLED = "enrolled", pgettext_lazy("enrolment", "Enrolled")
    HELD = "held", pgettext_lazy("enrolment", "Seat offered")
    COMPLETED = "completed", _("Completed")
    NOT_COMPLETED = "not_completed", _("Not completed")
    WITHDRAWN = "withdrawn", pgettext_lazy("enrolment", "Withdrawn")


# Who takes part: the people of rosters and roll calls.
ROSTER_STATES = (EnrolmentState.ENROLLED, EnrolmentState.COMPLETED, EnrolmentState.NOT_COMPLETED)
# An enrolment in one of these states takes a seat and blocks a second one of the same cadre in the same offering. A seat that is
# offered to somebody waiting is taken until it is accepted or the offer is over.
SEATED_STATES = (*ROSTER_STATES, EnrolmentState.HELD)
# Places that have not been concluded: they can still be given up, and end with the offering.
OPEN_STATES = (EnrolmentState.ENROLLED, EnrolmentState.HELD)


class EnrolmentOrigin(models.TextChoices):
    SELECTION = "selection", _("Own selection")
    STAFF = "staff", _("Enrolled by staff")
    WAITING = "waiting", _("From the waiting list")
    SWAP = "swap", _("Swapped")
    DRAW = "draw", _("By draw")
    MOVED = "moved", _("Moved by staff")


class WaitingState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SKIPPED = "skipped", _("Skipped for now")
    OFFERED = "offered", _("Seat offered")
    ACCEPTED = "accepted", _("Has the seat")
    DECLINED = "declined", pgettext_lazy("offer of a seat", "Declined")
    EXPIRED = "expired", pgettext_lazy("offer of a seat", "Not answered in time")
    WITHDRAWN = "withdrawn", pgettext_lazy("waiting list", "Left the list")


# Entries that still stand in line; a skipped one keeps its place and is asked again at every freed seat.
IN_LINE_STATES = (WaitingState.WAITING, WaitingState.SKIPPED)
LIVE_WAITING_STATES = (*IN_LINE_STATES, WaitingState.OFFERED)


class OverrideRule(models.TextChoices):
    """The rules that staff may set aside for one person, one at a time, with a reason. The number of seats is not among them."""

    WINDOW = "window_closed", _("Selection is not open")
    ELIGIBILITY = "not_eligible", _("Not open to this cadre")
    LIMIT = "limit", _("Limit of picks")
    QUOTA = "quota", _("Quota of the unit")
    CLASH = "clash", _("Clash with the timetable")
    REPEAT = "repeat", _("Topic of an earlier year")
    QUEUE = "queue", _("Others are waiting")


class AttendanceStatus(models.TextChoices):
    PRESENT = "present", _("Present")
    LATE = "late", _("Late")
    LEFT_EARLY = "left_early", _("Left early")
    ON_LEAVE = "on_leave", _("On leave")
    ABSENT = "absent", _("Absent")


ATTENDED_STATUSES = (AttendanceStatus.PRESENT, AttendanceStatus.LATE, AttendanceStatus.LEFT_EARLY)


class CreditCategory(models.TextChoices):
    CONCENTRATED = "concentrated", _("Concentrated training")
    ELECTIVE = "elective", _("Elective study")
    ONLINE = "online", _("Online self-study")
    OTHER = "other", _("Other learning")


class SchemeState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    IN_FORCE = "in_force", _("In force")
    RETIRED = "retired", _("Retired")


class AssessmentResult(models.TextChoices):
    PASS = "pass", _("Passed")
    FAIL = "fail", _("Failed")
    EXEMPT = "exempt", _("Exempt")


class ExemptionGround(models.TextChoices):
    LONG_LEAVE = "long_leave", _("Leave of more than six months")
    RETIREMENT = "retirement", _("Year of retirement")
    NEWLY_APPOINTED = "newly_appointed", _("Appointed less than six months ago")
    SECONDED = "seconded", _("Seconded for six months or more")
    OTHER = "other", _("Other approved ground")


class PacketState(models.TextChoices):
    VALID = "valid", pgettext_lazy("document", "In force")
    SUPERSEDED = "superseded", pgettext_lazy("document", "Replaced by a newer one")
    WITHDRAWN = "withdrawn", pgettext_lazy("document", "Taken back by the school")
