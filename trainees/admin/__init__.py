from . import assessments, cadres, enrolments, entries, offerings, packets, rosters, rounds, schemes

__all__ = [
    "assessments",
    "cadres",
    "enrolments",
    "entries",
    "offerings",
    "packets",
    "rosters",
    "rounds",
    "schemes",
]
