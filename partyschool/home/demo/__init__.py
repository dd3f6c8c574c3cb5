"""The demo school: a made-up city, its units, cadres, teachers, two school years and the money behind them.

Every name and number is generated. `school.fill()` does it all; the other modules each bring one part.
"""
