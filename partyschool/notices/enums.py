from django.db import models
from django.utils.translation import pgettext_lazy


class MailState(models.TextChoices):
    """waiting → sending → sent, back to waiting when the server refused for now, or failed."""

    WAITING = "waiting", pgettext_lazy("mail", "Waiting")
    SENDING = "sending", pgettext_lazy("mail", "Being sent")
    SENT = "sent", pgettext_lazy("mail", "Sent")
    FAILED = "failed", pgettext_lazy("mail", "Failed")
