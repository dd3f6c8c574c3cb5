"""The one error of the embedded servers."""


class EmbeddedServerError(RuntimeError):
    """A server could not be found, started or stopped; the message says what to do."""
