"""Check codes of documents."""

import secrets

from trainees.selectors.packets import CODE_ALPHABET, group_code

CODE_LENGTH = 16


def new_code() -> str:
    """A new check code as it is printed: 78 bits, so that nobody finds one by trying."""
    return group_code("".join([secrets.choice(CODE_ALPHABET) for _place in range(CODE_LENGTH)]))
