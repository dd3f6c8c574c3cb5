from .grants import RoleGrant
from .units import Unit
from .users import User

__all__ = ["RoleGrant", "Unit", "User"]
