from . import assessments, cadres, enrolments, entries, packets, rosters, rounds, schemes

__all__ = ["assessments", "cadres", "enrolments", "entries", "packets", "rosters", "rounds", "schemes"]
