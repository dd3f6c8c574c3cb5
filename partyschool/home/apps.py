from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "partyschool.home"
    label = "home"

    def ready(self) -> None:
        """Let every worker leave its signs of life."""
        from . import heartbeat  # noqa: F401, PLC0415 -- begins to listen
