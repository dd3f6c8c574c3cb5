from . import forum, targets

__all__ = ["forum", "targets"]
