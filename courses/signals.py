"""What happens on this floor that a higher one may want to hear of. Sent after commit, with ids only."""

from django.dispatch import Signal

# Sent by SelectionRound, with the round's id as `round_id`.
round_opened = Signal()
