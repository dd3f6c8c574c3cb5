from .assessments import AssessmentExemption, YearlyAssessment
from .assignments import Assignment, AssignmentQuota, Deferral, Nomination
from .attendance import AttendanceMark
from .cadres import Cadre
from .calendars import CalendarFeed
from .certificates import Certificate, CertificateCounter
from .check_ins import CheckIn, CodeTries
from .claims import CreditClaim
from .conduct import ConductChange, ConductScore, ConductSheet, ConductWeights
from .credits import (
    CreditCap,
    CreditEntry,
    CreditPenalty,
    CreditRequirement,
    CreditRule,
    CreditScheme,
    CreditShare,
    CycleRequirement,
)
from .deliveries import PacketDelivery, PacketReceipt
from .desk import RoundDesk
from .draws import DrawOutcome, DrawPlace, DrawPublication, Ranking, SealedDraw, SelectionDraw
from .enrolments import Enrolment
from .evidence import Evidence
from .figures import TrainingFigure
from .imports import CadreImport, ImportContent
from .leaves import LeaveRequest, LeaveTier
from .packets import DocumentCounter, ReportPacket
from .postings import Posting
from .refusals import SeatOverride, SeatRefusal
from .rosters import OfferingRoster
from .schedules import ReportSchedule
from .views import SavedView
from .waiting import WaitingEntry
from .years import AssessmentObjection, AssessmentYear, MakeUpPlan

__all__ = [
    "AssessmentExemption",
    "AssessmentObjection",
    "AssessmentYear",
    "Assignment",
    "AssignmentQuota",
    "AttendanceMark",
    "Cadre",
    "CadreImport",
    "CalendarFeed",
    "Certificate",
    "CertificateCounter",
    "CheckIn",
    "CodeTries",
    "ConductChange",
    "ConductScore",
    "ConductSheet",
    "ConductWeights",
    "CreditCap",
    "CreditClaim",
    "CreditEntry",
    "CreditPenalty",
    "CreditRequirement",
    "CreditRule",
    "CreditScheme",
    "CreditShare",
    "CycleRequirement",
    "Deferral",
    "DocumentCounter",
    "DrawOutcome",
    "DrawPlace",
    "DrawPublication",
    "Enrolment",
    "Evidence",
    "ImportContent",
    "LeaveRequest",
    "LeaveTier",
    "MakeUpPlan",
    "Nomination",
    "OfferingRoster",
    "PacketDelivery",
    "PacketReceipt",
    "Posting",
    "Ranking",
    "ReportPacket",
    "ReportSchedule",
    "RoundDesk",
    "SavedView",
    "SealedDraw",
    "SeatOverride",
    "SeatRefusal",
    "SelectionDraw",
    "TrainingFigure",
    "WaitingEntry",
    "YearlyAssessment",
]
