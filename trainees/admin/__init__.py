from . import (
    assessments,
    cadres,
    draws,
    enrolments,
    entries,
    offerings,
    packets,
    rosters,
    rounds,
    schemes,
)

__all__ = [
    "assessments",
    "cadres",
    "draws",
    "enrolments",
    "entries",
    "offerings",
    "packets",
    "rosters",
    "rounds",
    "schemes",
]
