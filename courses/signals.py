"""What happens on this floor that a higher one may want to hear of. Sent after commit, with ids only."""

from django.dispatch import Signal

# Sent by SelectionRound, with the round's id as `round_id`.
round_opened = Signal()
# Sent by SeatCount, with the offering's id as `offering_id`: there may be more free seats, or other ones, than before.
seats_changed = Signal()
