from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "partyschool.common"
    label = "common"
