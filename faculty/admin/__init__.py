from . import entries, teachers

__all__ = ["entries", "teachers"]
