from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "partyschool.home"
    label = "home"
