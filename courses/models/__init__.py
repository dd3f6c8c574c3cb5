from .offerings import Offering, SeatCount
from .rounds import SelectionRound
from .timetable import Lesson, Room

__all__ = ["Lesson", "Offering", "Room", "SeatCount", "SelectionRound"]
