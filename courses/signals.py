"""What happens on this floor that a higher one may want to hear of. Sent after commit, with ids only, where nothing else is said."""

from django.dispatch import Signal

# Sent by SelectionRound inside the transaction of the opening, with the round as `opened` and who did it as `by`: what is started
# then (a job) stands or falls with it.
round_opened = Signal()
# Sent by SeatCount, with the offering's id as `offering_id`: there may be more free seats, or other ones, than before.
seats_changed = Signal()
