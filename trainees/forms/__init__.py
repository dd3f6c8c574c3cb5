from .cadres import CadreForm, RevealForm
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
    "EnrolForm",
    "ForumSearchForm",
    "KeepForm",
    "MergeForm",
    "MoveForm",
    "RevealForm",
    "SelectionRoundForm",
    "TakeBackForm",
    "YearForm",
]
