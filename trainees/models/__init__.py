from .assessments import AssessmentExemption, YearlyAssessment
from .attendance import AttendanceMark
from .cadres import Cadre
from .credits import CreditCap, CreditEntry, CreditRequirement, CreditRule, CreditScheme
from .enrolments import Enrolment
from .packets import DocumentCounter, ReportPacket

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
    "ReportPacket",
    "YearlyAssessment",
]
