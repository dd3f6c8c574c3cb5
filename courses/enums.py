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


class RollBy(models.TextChoices):
    """Whether people are seen at every lesson, or once for all lessons of a morning or an afternoon."""

    LESSON = "lesson", _("per lesson")
    HALF_DAY = "half_day", _("per half-day")


class RoundState(models.TextChoices):
    """A first-come round goes draft → open → (change →) closed; a draw walks through all of them: `courses.rules.ROUND_MOVES`."""

    DRAFT = "draft", pgettext_lazy("selection round", "Draft")
    OPEN = "open", _("Open")
    SEALED = "sealed", _("Preferences sealed")
    RUN = "run", _("Being drawn")
    REVIEW = "review", _("Draw under review")
    PUBLISHED = "published", _("Result published")
    CHANGE = "change", _("Change window open")
    CLOSED = "closed", pgettext_lazy("selection round", "Closed")


class RoundMode(models.TextChoices):
    FIRST_COME = "first_come", _("First come, first served")
    DRAW = "draw", _("Draw over ranked topics")


class Mechanism(models.TextChoices):
    """How a draw gives seats: `trainees.rules.drawing`."""

    RANDOM_SERIAL = "random_serial", _("Random order, each takes the best left")
    BY_TIME = "by_time", _("In the order of ranking")
    BEST_TOTAL = "best_total", _("Greatest total satisfaction")


class WaitingMode(models.TextChoices):
    NONE = "none", _("No waiting list")
    AUTOMATIC = "automatic", _("A freed seat goes to the next in line at once")
    OFFER = "offer", _("A freed seat is offered to the next in line for some hours")


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
