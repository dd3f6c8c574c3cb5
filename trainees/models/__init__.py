from .assessments import AssessmentExemption, YearlyAssessment
from .attendance import AttendanceMark
from .cadres import Cadre
from .credits import CreditCap, CreditEntry, CreditRequirement, CreditRule, CreditScheme
from .enrolments import Enrolment
from .packets import DocumentCounter, ReportPacket
from .rosters import OfferingRoster

__all__ = [
    "AssessmentExemption",
    "AttendanceMark",
    "Cadre",
    "CreditCap",
    "CreditEntry",
    "CreditRequirement",
    "CreditRule",
    "CreditScheme",
    "DocumentCounter",
    "Enrolment",
    "OfferingRoster",
    "ReportPacket",
    "YearlyAssessment",
]
