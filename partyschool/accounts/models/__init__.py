from .grants import RoleGrant
from .unit_changes import UnitChange
from .units import Unit
from .users import User

__all__ = ["RoleGrant", "Unit", "UnitChange", "User"]
