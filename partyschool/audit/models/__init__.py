from .events import AuditEvent
from .seals import AuditSeal

__all__ = ["AuditEvent", "AuditSeal"]
