from .accounts import OwnPasswordForm, RoleGrantForm
from .units import MoveUnitForm, RenameUnitForm, UnitDeedForm, UnitForm

__all__ = ["MoveUnitForm", "OwnPasswordForm", "RenameUnitForm", "RoleGrantForm", "UnitDeedForm", "UnitForm"]
