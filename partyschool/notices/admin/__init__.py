from .mails import OutgoingMailAdmin

__all__ = ["OutgoingMailAdmin"]
