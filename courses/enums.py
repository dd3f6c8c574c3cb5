from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OfferingKind(models.TextChoices):
    """What the school runs; the kind is also the activity that credit rules speak of."""

    MAIN_CLASS = "main_class", _("Main class")
    SPECIAL_CLASS = "special_class", _("Special class")
    DEPARTMENT_TRAINING = "department_training", _("Department training")
    ELECTIVE = "elective", _("Elective topic")
    FORUM = "forum", _("Forum session")
    OUTSIDE = "outside", _("Outside training")
    ONLINE = "online", _("Online course")


class Signboard(models.TextChoices):
    """One school, three signboards."""

    PARTY_SCHOOL = "party_school", _("Party school")
    ADMINISTRATION_SCHOOL = "administration_school", _("Administration school")
    SOCIALISM_SCHOOL = "socialism_school", _("Socialism school")


class OfferingState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    PUBLISHED = "published", _("Published")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")


class RoundState(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("selection round", "Draft")
    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


class RoundMode(models.TextChoices):
    FIRST_COME = "first_come", _("First come, first served")


class CourseModule(models.TextChoices):
    THEORY = "theory", _("Theory")
    PARTY_SPIRIT = "party_spirit", _("Party spirit")
    CAPABILITY = "capability", _("Capability")
    PROFESSIONAL = "professional", _("Professional knowledge")
    MENTAL_HEALTH = "mental_health", _("Mental health")
    MORALS = "morals", _("Morals and core values")


class TeachingMethod(models.TextChoices):
    LECTURE = "lecture", _("Lecture")
    CASE = "case", _("Case study")
    INTERACTIVE = "interactive", _("Interactive")
    EXPERIENTIAL = "experiential", _("Experiential")
    SIMULATION = "simulation", _("Simulation")
