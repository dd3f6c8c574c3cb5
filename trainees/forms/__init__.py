from .cadres import CadreForm, CorrectPostingForm, LookUpForm, RevealForm, TransferForm
from .conduct import ConductFilterForm, ModerateForm, OpenSheetForm, ReturnForm
from .credit_report import CreditReportForm, SavedViewForm
from .desk import EnrolForm, KeepForm, MergeForm, MoveForm, TakeBackForm
from .forum import ForumSearchForm
from .offerings import CancelForm
from .records import ReasonForm, RecordSearchForm
from .rounds import ChangeWindowForm, SelectionRoundForm
from .verify import CHECKED_FILE_MOST, CheckCodeForm, CheckFileForm
from .years import ReportsForm, YearForm

__all__ = [
    "CHECKED_FILE_MOST",
    "CadreForm",
    "CancelForm",
    "ChangeWindowForm",
    "CheckCodeForm",
    "CheckFileForm",
    "ConductFilterForm",
    "CorrectPostingForm",
    "CreditReportForm",
    "EnrolForm",
    "ForumSearchForm",
    "KeepForm",
    "LookUpForm",
    "MergeForm",
    "ModerateForm",
    "MoveForm",
    "OpenSheetForm",
    "ReasonForm",
    "RecordSearchForm",
    "ReportsForm",
    "ReturnForm",
    "RevealForm",
    "SavedViewForm",
    "SelectionRoundForm",
    "TakeBackForm",
    "TransferForm",
    "YearForm",
]
