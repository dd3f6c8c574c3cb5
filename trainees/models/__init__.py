from .assessments import AssessmentExemption, YearlyAssessment
from .attendance import AttendanceMark
from .cadres import Cadre
from .calendars import CalendarFeed
from .credits import CreditCap, CreditEntry, CreditRequirement, CreditRule, CreditScheme
from .desk import RoundDesk
from .draws import DrawOutcome, DrawPlace, DrawPublication, Ranking, SealedDraw, SelectionDraw
from .enrolments import Enrolment
from .packets import DocumentCounter, ReportPacket
from .refusals import SeatOverride, SeatRefusal
from .rosters import OfferingRoster
from .waiting import WaitingEntry

__all__ = [
    "AssessmentExemption",
    "AttendanceMark",
    "Cadre",
    "CalendarFeed",
    "CreditCap",
    "CreditEntry",
    "CreditRequirement",
    "CreditRule",
    "CreditScheme",
    "DocumentCounter",
    "DrawOutcome",
    "DrawPlace",
    "DrawPublication",
    "Enrolment",
    "OfferingRoster",
    "Ranking",
    "ReportPacket",
    "RoundDesk",
    "SealedDraw",
    "SeatOverride",
    "SeatRefusal",
    "SelectionDraw",
    "WaitingEntry",
    "YearlyAssessment",
]
