from . import targets

__all__ = ["targets"]
