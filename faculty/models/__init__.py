from .entries import TeachingEntry
from .teachers import Teacher

__all__ = ["Teacher", "TeachingEntry"]
