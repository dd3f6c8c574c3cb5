from .files import StoredFile
from .jobs import Job

__all__ = ["Job", "StoredFile"]
