from . import grants, units, users

__all__ = ["grants", "units", "users"]
