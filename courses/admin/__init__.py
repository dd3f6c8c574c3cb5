from . import offerings, timetable

__all__ = ["offerings", "timetable"]
