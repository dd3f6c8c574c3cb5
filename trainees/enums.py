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
    COMPLETED = "completed", _("Completed")
    NOT_COMPLETED = "not_completed", _("Not completed")
    WITHDRAWN = "withdrawn", pgettext_lazy("enrolment", "Withdrawn")


# An enrolment in one of these states takes a seat and blocks a second one of the same cadre in the same offering.
SEATED_STATES = (EnrolmentState.ENROLLED, EnrolmentState.COMPLETED, EnrolmentState.NOT_COMPLETED)


class EnrolmentOrigin(models.TextChoices):
    SELECTION = "selection", _("Own selection")
    STAFF = "staff", _("Enrolled by staff")


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
