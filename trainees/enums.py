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
    ASSIGNED = "assigned", _("Organised assignment")


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


class ReportStatus(models.TextChoices):
    """Where a person is today, seen from the unit in which a year's result was made."""

    SERVING = "serving", _("Still in that unit")
    MOVED = "moved", _("Moved since")
    LEFT = "left", _("Left the register")


class Edition(models.TextChoices):
    """What a packet reports: a sealed year, how a running year stands, or what changed of a sealed year since."""

    FINAL = "final", pgettext_lazy("report packet", "Yearly report")
    PREVIEW = "preview", pgettext_lazy("report packet", "Interim report")
    ERRATUM = "erratum", pgettext_lazy("report packet", "Correction")


class NoticeType(models.TextChoices):
    """The kind of official document; `partyschool.common.pdf.DocType` sets it."""

    CIRCULAR = "circular", _("Circular (tongbao)")
    REPORT = "report", _("Report (baogao)")
    LETTER = "letter", _("Letter (han)")


class Frequency(models.TextChoices):
    YEARLY = "yearly", _("every year")
    QUARTERLY = "quarterly", _("every quarter")


class PacketState(models.TextChoices):
    VALID = "valid", pgettext_lazy("document", "In force")
    SUPERSEDED = "superseded", pgettext_lazy("document", "Replaced by a newer one")
    WITHDRAWN = "withdrawn", pgettext_lazy("document", "Taken back by the school")


class RecognisedActivity(models.TextChoices):
    """Learning and work outside the school's offerings that a scheme may give credits for, on a claim with evidence."""

    OUTSIDE_CLASS = "outside_class", _("Class of another institution")
    ONLINE_COURSE = "online_course", _("Online course of another platform")
    UNIT_TRAINING = "unit_training", _("Training inside the unit")
    GROUP_STUDY = "group_study", _("Theory study group session")
    LECTURING = "lecturing", _("Lecturing")
    PAPER_CITY = "paper_city", _("Paper, city level")
    PAPER_PROVINCE = "paper_province", _("Paper, provincial level")
    PAPER_NATION = "paper_nation", _("Paper, national level")
    REPORT_ADOPTED = "report_adopted", _("Survey report adopted")
    DEGREE_STUDY = "degree_study", _("Degree study")
    EXAM = "exam", _("Examination passed")


class CreditBasis(models.TextChoices):
    """What a rule multiplies its credits with."""

    HOUR = "hour", _("per class-hour")
    DAY = "day", _("per day")
    ITEM = "item", _("per item")


class PenaltyCause(models.TextChoices):
    """What a scheme may take credits off for, when an offering is closed."""

    LATE = "late", _("Late or left early, per lesson")
    ABSENT = "absent", _("Absent without leave, per half-day")
    NO_SHOW = "no_show", _("Elective place never used")


class ClaimState(models.TextChoices):
    SUBMITTED = "submitted", pgettext_lazy("claim", "Submitted")
    RETURNED = "returned", pgettext_lazy("claim", "Returned for more")
    APPROVED = "approved", pgettext_lazy("claim", "Recognised")
    REFUSED = "refused", pgettext_lazy("claim", "Not recognised")
    WITHDRAWN = "withdrawn", pgettext_lazy("claim", "Withdrawn")


class FigureCode(models.TextChoices):
    """The figures of the field that rules outside the credit scheme ask for; values are rows of `TrainingFigure`."""

    CALLS_A_YEAR = "calls_a_year", _("Assigned trainings of one person a year, at most")
    AWAY_CALLS_A_YEAR = "away_calls_a_year", _("Assigned trainings outside the province a year, at most")
    LONG_CLASS_DAYS = "long_class_days", _("A long class has at least this many days")
    LONG_CLASS_YEARS = "long_class_years", _("One long class in this many years, at most")
    TOPIC_CLASS_DAYS = "topic_class_days", _("Days of a single-topic class, at most")
    SAME_TOPIC_YEARS = "same_topic_years", _("Years before the same topic is attended again")
    PROMOTED_WITHIN_YEARS = "promoted_within_years", _("Years to make up training after a promotion")
    REMIND_DAYS = "remind_days", _("Days before a deadline when reminders go out")
    ESCALATE_DAYS = (
        "escalate_days",
        _("Days after a missed deadline when the organisation department is told"),
    )
    LEAVE_SHARE = "leave_share", _("Share of a class's hours on leave, above which a trainee is withdrawn")
    ABSENT_DAYS = "absent_days", _("Days absent without leave, from which a trainee is withdrawn")
    LATE_MINUTES = "late_minutes", _("Minutes after the start from which a check-in is late")
    LATE_ABSENT_MINUTES = (
        "late_absent_minutes",
        _("Minutes after the start from which a check-in no longer counts"),
    )
    EARLY_MINUTES = "early_minutes", _("Minutes before the end before which leaving is early")
    CHECK_IN_OPENS_MINUTES = "check_in_opens_minutes", _("Minutes before the start when check-in opens")
    CODE_SECONDS = "code_seconds", _("Seconds that a check-in code is shown")
    OFFLINE_HOURS = "offline_hours", _("Hours within which a check-in made without network must arrive")
    SENT_LATE_MINUTES = (
        "sent_late_minutes",
        _("Minutes after which a check-in made without network is shown as sent late"),
    )
    HOURS_A_DAY = "hours_a_day", _("Class-hours of a training day")
    OBJECTION_DAYS = "objection_days", _("Days in which objections can be raised")
    MAKE_UP_DAYS = "make_up_days", _("Days after sealing by which make-up training is due")
    RECEIPT_REMIND_DAYS = (
        "receipt_remind_days",
        _("Days without a receipt after which the recipient of a report is reminded"),
    )


class AssignmentState(models.TextChoices):
    """draft → issued (units nominate) → closed, or cancelled."""

    DRAFT = "draft", pgettext_lazy("assignment", "Draft")
    ISSUED = "issued", pgettext_lazy("assignment", "Units nominate")
    CLOSED = "closed", pgettext_lazy("assignment", "Closed")
    CANCELLED = "cancelled", pgettext_lazy("assignment", "Cancelled")


class CallMode(models.TextChoices):
    QUOTA = "quota", _("By unit quota")
    BY_NAME = "by_name", pgettext_lazy("assignment", "By name")


class NominationState(models.TextChoices):
    """nominated → confirmed | returned | withdrawn; confirmed → deferred | replaced | withdrawn."""

    NOMINATED = "nominated", pgettext_lazy("nomination", "Nominated")
    RETURNED = "returned", pgettext_lazy("nomination", "Returned")
    CONFIRMED = "confirmed", pgettext_lazy("nomination", "Confirmed")
    DEFERRED = "deferred", pgettext_lazy("nomination", "Deferred")
    REPLACED = "replaced", pgettext_lazy("nomination", "Replaced")
    WITHDRAWN = "withdrawn", pgettext_lazy("nomination", "Withdrawn")


# A nomination in one of these states uses up one place of its unit's quota, and the person cannot be nominated twice.
LIVE_NOMINATION_STATES = (NominationState.NOMINATED, NominationState.CONFIRMED)


class DeferralState(models.TextChoices):
    ASKED = "asked", pgettext_lazy("deferral", "Asked for")
    AGREED = "agreed", pgettext_lazy("deferral", "Agreed")
    REFUSED = "refused", pgettext_lazy("deferral", "Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("deferral", "Withdrawn")


class MarkSource(models.TextChoices):
    """Where an attendance mark came from."""

    ROLL = "roll", _("Roll call")
    CHECK_IN = "check_in", _("Check-in")
    CARD = "card", _("Card reader")
    LEAVE = "leave", _("Leave")


class CheckInSource(models.TextChoices):
    QR = "qr", _("Scanned code")
    TYPED = "typed", _("Typed code")
    OFFLINE = "offline", _("Sent after the network came back")
    CARD = "card", _("Card reader")


class LeaveKind(models.TextChoices):
    OFFICIAL = "official", _("Official business")
    PERSONAL = "personal", _("Personal matters")
    SICK = "sick", _("Illness")


class LeaveApprover(models.TextChoices):
    """Who decides on a leave, by its length (`LeaveTier`)."""

    CLASS_TEACHER = "class_teacher", _("Class teacher")
    ACADEMIC = "academic", _("Academic affairs office")
    LEADER = "leader", _("School leader")
    ORGDEPT = "orgdept", _("Organisation department")


class LeaveState(models.TextChoices):
    """asked → approved → returned; asked → refused | cancelled; approved → cancelled before it begins."""

    ASKED = "asked", pgettext_lazy("leave", "Asked for")
    APPROVED = "approved", pgettext_lazy("leave", "Approved")
    REFUSED = "refused", pgettext_lazy("leave", "Refused")
    CANCELLED = "cancelled", pgettext_lazy("leave", "Cancelled")
    RETURNED = "returned", pgettext_lazy("leave", "Returned")


LIVE_LEAVE_STATES = (LeaveState.ASKED, LeaveState.APPROVED, LeaveState.RETURNED)


class ConductState(models.TextChoices):
    """open (the class teacher scores) → submitted (moderated by staff) → released (the cadres see it, nothing moves)."""

    OPEN = "open", pgettext_lazy("conduct", "Being scored")
    SUBMITTED = "submitted", pgettext_lazy("conduct", "Under moderation")
    RELEASED = "released", pgettext_lazy("conduct", "Released")


class ConductDimension(models.TextChoices):
    ATTITUDE = "attitude", _("Attitude and performance in study")
    THEORY = "theory", _("Mastery and use of theory")
    PARTY_SPIRIT = "party_spirit", _("Party spirit and style")
    DISCIPLINE = "discipline", _("Observing rules and discipline")


class ConductGrade(models.TextChoices):
    EXCELLENT = "excellent", pgettext_lazy("conduct", "Excellent")
    GOOD = "good", pgettext_lazy("conduct", "Good")
    PASS = "pass", pgettext_lazy("conduct", "Pass")
    FAIL = "fail", pgettext_lazy("conduct", "Fail")


class Grade(models.TextChoices):
    """The grade of a year: the result, with the best of those who passed set apart."""

    EXCELLENT = "excellent", pgettext_lazy("yearly assessment", "Excellent")
    PASS = "pass", _("Passed")
    FAIL = "fail", _("Failed")
    EXEMPT = "exempt", _("Exempt")


class YearState(models.TextChoices):
    """preview → objection → sealed; never back."""

    PREVIEW = "preview", pgettext_lazy("assessment year", "Preview")
    OBJECTION = "objection", pgettext_lazy("assessment year", "Open to objections")
    SEALED = "sealed", pgettext_lazy("assessment year", "Sealed")


class ObjectionState(models.TextChoices):
    RAISED = "raised", pgettext_lazy("objection", "Raised")
    UPHELD = "upheld", pgettext_lazy("objection", "Upheld")
    REJECTED = "rejected", pgettext_lazy("objection", "Rejected")
    WITHDRAWN = "withdrawn", pgettext_lazy("objection", "Withdrawn")


class MakeUpState(models.TextChoices):
    PLANNED = "planned", pgettext_lazy("make-up training", "Planned")
    DONE = "done", pgettext_lazy("make-up training", "Done")
    MISSED = "missed", pgettext_lazy("make-up training", "Missed")
    CANCELLED = "cancelled", pgettext_lazy("make-up training", "Cancelled")


class ImportState(models.TextChoices):
    """checking → unreadable | faulty | ready; ready → committed → undone; what was not committed → expired."""

    CHECKING = "checking", pgettext_lazy("import", "Being checked")
    UNREADABLE = "unreadable", pgettext_lazy("import", "Cannot be read")
    FAULTY = "faulty", pgettext_lazy("import", "Has faults")
    READY = "ready", pgettext_lazy("import", "Ready to be taken over")
    COMMITTED = "committed", pgettext_lazy("import", "Taken over")
    UNDONE = "undone", pgettext_lazy("import", "Undone")
    EXPIRED = "expired", pgettext_lazy("import", "Cleared away")


class ImportPart(models.TextChoices):
    """What is kept of an import for a time."""

    UPLOAD = "upload", _("The file")
    MARKED = "marked", _("Marked-up copy")
    PREVIEW = "preview", _("Preview")
    UNDO = "undo", _("What an undo needs")


class CertificateKind(models.TextChoices):
    """Completion of a class of the school, or of a training it held for a department."""

    COMPLETION = "completion", _("Certificate of completion")
    TRAINING = "training", _("Certificate of training")


class CertificateState(models.TextChoices):
    VALID = "valid", pgettext_lazy("certificate", "Valid")
    REVOKED = "revoked", pgettext_lazy("certificate", "Revoked")
