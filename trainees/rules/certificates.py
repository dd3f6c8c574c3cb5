"""Which offerings end with a certificate, and how its number reads."""

from courses.enums import OfferingKind
from trainees.enums import CertificateKind

KINDS = {
    OfferingKind.MAIN_CLASS: CertificateKind.COMPLETION,
    OfferingKind.SPECIAL_CLASS: CertificateKind.COMPLETION,
    OfferingKind.DEPARTMENT_TRAINING: CertificateKind.TRAINING,
}
"""Classes alone: for topics, forum sessions and courses the credits speak; what others hold, they certify."""

CERTIFIED_KINDS = tuple(KINDS)


def certificate_number(code: str, year: int, serial: int) -> str:
    """江委校证字〔2025〕第00012号: five digits, so that a pile of certificates stays in order."""
    return f"{code}证字〔{year}〕第{serial:05d}号"
