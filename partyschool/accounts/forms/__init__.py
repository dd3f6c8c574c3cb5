from .accounts import OwnPasswordForm, RoleGrantForm
from .units import MergeUnitForm, MoveUnitForm, RenameUnitForm, UnitDeedForm, UnitForm

__all__ = [
    "MergeUnitForm",
    "MoveUnitForm",
    "OwnPasswordForm",
    "RenameUnitForm",
    "RoleGrantForm",
    "UnitDeedForm",
    "UnitForm",
]
