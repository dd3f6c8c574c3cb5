from django.db import models
from django.utils.translation import gettext_lazy as _


class Purpose(models.TextChoices):
    TEACHING_RESEARCH = "teaching_research", _("Teaching and research")
    LIBRARY = "library", _("Library")
    TEACHER_DEVELOPMENT = "teacher_development", _("Teacher development")
    INFORMATISATION = "informatisation", _("Informatisation")
    EXCHANGE = "exchange", _("Exchange")
    TRAINING = "training", _("Training projects")


# The purposes that the province's business-money standard counts.
BUSINESS_PURPOSES = (
    Purpose.TEACHING_RESEARCH,
    Purpose.LIBRARY,
    Purpose.TEACHER_DEVELOPMENT,
    Purpose.INFORMATISATION,
    Purpose.EXCHANGE,
)


class FundSource(models.TextChoices):
    FISCAL = "fiscal", _("Fiscal budget")
    SPECIAL = "special", _("Special training fund")


class EntryKind(models.TextChoices):
    """A commitment or payment draws from the line; a release gives a commitment (or its rest) back."""

    COMMITMENT = "commitment", _("Commitment")
    RELEASE = "release", _("Release of a commitment")
    PAYMENT = "payment", _("Payment")
