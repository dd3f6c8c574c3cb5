from .mails import OutgoingMail
from .notices import Notice

__all__ = ["Notice", "OutgoingMail"]
