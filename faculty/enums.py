from django.db import models
from django.utils.translation import gettext_lazy as _


class Employment(models.TextChoices):
    FULL_TIME = "full_time", _("Full-time")
    PART_TIME = "part_time", _("Part-time")


class Background(models.TextChoices):
    """Where a teacher comes from; part-time teachers are chosen from the middle four."""

    SCHOOL = "school", _("School teacher")
    LEADER = "leader", _("Party or government leader")
    ENTERPRISE = "enterprise", _("Enterprise manager")
    EXPERT = "expert", _("Expert or scholar")
    ROLE_MODEL = "role_model", _("Role model")


class TitleLevel(models.TextChoices):
    """The level of a professional title; lecture fee ceilings go by it."""

    NONE = "none", _("No title")
    INTERMEDIATE = "intermediate", _("Intermediate and below")
    ASSOCIATE = "associate", _("Associate senior")
    SENIOR = "senior", _("Senior")
    ACADEMICIAN = "academician", _("Academician or nationally known")


class Honour(models.TextChoices):
    NONE = "none", _("None")
    MUNICIPAL = "municipal", _("Municipal famous teacher")
    PROVINCIAL = "provincial", _("Provincial famous teacher")
