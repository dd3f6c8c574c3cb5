from .celery import app as celery_app

__version__ = "0.1.0"
"""As in pyproject.toml; each report's manifest names it."""

__all__ = ["__version__", "celery_app"]
