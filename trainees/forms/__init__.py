from .cadres import CadreForm, CorrectPostingForm, LookUpForm, RevealForm, TransferForm
from .desk import EnrolForm, KeepForm, MergeForm, MoveForm, TakeBackForm
from .forum import ForumSearchForm
from .offerings import CancelForm
from .rounds import ChangeWindowForm, SelectionRoundForm
from .verify import CHECKED_FILE_MOST, CheckCodeForm, CheckFileForm
from .years import CadreResultsForm, YearForm

__all__ = [
    "CHECKED_FILE_MOST",
    "CadreForm",
    "CadreResultsForm",
    "CancelForm",
    "ChangeWindowForm",
    "CheckCodeForm",
    "CheckFileForm",
    "CorrectPostingForm",
    "EnrolForm",
    "ForumSearchForm",
    "KeepForm",
    "LookUpForm",
    "MergeForm",
    "MoveForm",
    "RevealForm",
    "SelectionRoundForm",
    "TakeBackForm",
    "TransferForm",
    "YearForm",
]
