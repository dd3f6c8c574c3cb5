from .targets import StandardTarget

__all__ = ["StandardTarget"]
