from . import entries, lines

__all__ = ["entries", "lines"]
