"""What holds for every round and offering, without reading anything."""

# Advisory locks (first key of the two-key functions; the second is the round's id). Whoever claims or gives up a place holds the
# round's lock shared, whoever opens or closes the round holds it alone: docs/locking.md.
ROUND_LOCKS = 7301
