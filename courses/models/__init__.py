from .forum import ForumSession
from .offerings import Offering
from .rounds import DrawSecret, RoundOpening, SelectionRound
from .seats import SeatCount, SeatReservation, UnitQuota
from .timetable import Lesson, Room

__all__ = [
    "DrawSecret",
    "ForumSession",
    "Lesson",
    "Offering",
    "Room",
    "RoundOpening",
    "SeatCount",
    "SeatReservation",
    "SelectionRound",
    "UnitQuota",
]
