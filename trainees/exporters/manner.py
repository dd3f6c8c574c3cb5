"""How a document speaks: by its kind, by whom it is for, and by whether the results are final, interim or corrected.

A circular (通报) informs, a report (报告) goes upward and asks for nothing, a letter (函) asks a body that is not below the school.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from partyschool.accounts.enums import UnitKind
from partyschool.accounts.models import Unit
from trainees.enums import NoticeType
from trainees.selectors.reports import Report


@dataclass(frozen=True)
class Manner:
    """The words of one kind of document. `you` is what it calls its recipient, '' for the name.

    `asks…` are the requests of a final document to a department and to a unit, of an interim one and of a correction to either; a
    report has statements in their place.
    """

    title: Any
    name: Any
    you: Any
    announced: Any
    asks_department: Any
    asks_unit: Any
    asks_interim: Any
    asks_correction_department: Any
    asks_correction_unit: Any
    last: Any


_REPORT_USE = gettext_lazy(
    "The results serve the annual appraisal and selection and appointment. The school will hold make-up training for those who failed."
)
_REPORT_CORRECTION = gettext_lazy("The school has corrected its records accordingly.")
MANNERS = {
    NoticeType.CIRCULAR: Manner(
        title=gettext_lazy("%(issuer)s: notice on the %(subject)s"),
        name=gettext_lazy("Notice on the %(subject)s"),
        you=pgettext_lazy("addressee of a circular", "you"),
        announced=gettext_lazy("The results are notified as follows."),
        asks_department=gettext_lazy(
            "Please pass the results on to the units, take them into account in the annual appraisal and in selection and "
            "appointment, and see to it that those who failed make up for what is missing."
        ),
        asks_unit=gettext_lazy(
            "Please tell the cadres their results, take them into account in the annual appraisal, and see to it that those who "
            "failed make up for what is missing."
        ),
        asks_interim=gettext_lazy(
            "Please see to it that cadres who are behind take part in training in time."
        ),
        asks_correction_department=gettext_lazy(
            "Please go by the corrected results and pass them on to the units and the cadres concerned."
        ),
        asks_correction_unit=gettext_lazy(
            "Please go by the corrected results and tell the cadres concerned."
        ),
        last=gettext_lazy("This is notified herewith."),
    ),
    NoticeType.REPORT: Manner(
        title=gettext_lazy("%(issuer)s: report on the %(subject)s"),
        name=gettext_lazy("Report on the %(subject)s"),
        you="",
        announced=gettext_lazy("The results are reported as follows."),
        asks_department=_REPORT_USE,
        asks_unit=_REPORT_USE,
        asks_interim=gettext_lazy(
            "The school will urge cadres who are behind to take part in training in time."
        ),
        asks_correction_department=_REPORT_CORRECTION,
        asks_correction_unit=_REPORT_CORRECTION,
        last=gettext_lazy("This is our report."),
    ),
    NoticeType.LETTER: Manner(
        title=gettext_lazy("%(issuer)s: letter on the %(subject)s"),
        name=gettext_lazy("Letter on the %(subject)s"),
        you=pgettext_lazy("addressee of a letter", "you"),
        announced=gettext_lazy("The results are sent to you as follows."),
        asks_department=gettext_lazy(
            "We ask you to help pass the results on to the units, to take them into account in the annual appraisal and in selection "
            "and appointment, and to see to it that those who failed make up for what is missing."
        ),
        asks_unit=gettext_lazy(
            "We ask you to help tell the cadres their results, to take them into account in the annual appraisal, and to see to it "
            "that those who failed make up for what is missing."
        ),
        asks_interim=gettext_lazy(
            "We ask you to help see to it that cadres who are behind take part in training in time."
        ),
        asks_correction_department=gettext_lazy(
            "We ask you to go by the corrected results and to pass them on to the units and the cadres concerned."
        ),
        asks_correction_unit=gettext_lazy(
            "We ask you to go by the corrected results and to tell the cadres concerned."
        ),
        last=gettext_lazy("We write this to let you know."),
    ),
}


def manner_of(doc_type: str) -> Manner:
    """The words of a kind of document."""
    return MANNERS[NoticeType(doc_type)]


def is_department(recipient: Unit) -> bool:
    """Whether a recipient answers for other units' cadres: it is spoken to otherwise than a unit."""
    return recipient.kind == UnitKind.ORG_DEPARTMENT


def kind_for(recipient: Unit, ordered: str) -> str:
    """The kind of document a recipient gets where `ordered` was chosen: a report goes upward only, so a unit gets a letter instead."""
    if ordered == NoticeType.REPORT and not is_department(recipient):
        return NoticeType.LETTER
    return NoticeType(ordered)


def assessed_text(report: Report, doc_type: str) -> str:
    """Whom the school assessed, and under which scheme."""
    recipient, manner = report.recipient, manner_of(doc_type)
    text = (
        _(
            "Under the %(scheme)s (version %(version)s) the school has assessed the education and training in %(year)s of "
            "%(total)s cadres in %(units)s units that answer to %(you)s."
        )
        if is_department(recipient)
        else _(
            "Under the %(scheme)s (version %(version)s) the school has assessed the education and training in %(year)s of "
            "%(total)s cadres of %(you)s."
        )
    )
    facts = {
        "scheme": report.scheme.name,
        "version": report.scheme.version,
        "year": report.year,
        "total": report.whole.total,
        "units": len(report.by_unit),
        "you": manner.you or recipient.name,
    }
    return text % facts + str(manner.announced)


def use_texts(report: Report, doc_type: str) -> list[str]:
    """What is to become of the results, how they may change, and the closing words, a paragraph each."""
    manner, department = manner_of(doc_type), is_department(report.recipient)
    if report.corrects:
        asks = manner.asks_correction_department if department else manner.asks_correction_unit
        return [str(asks), str(manner.last)]
    if report.provisional:
        stands = _(
            "Interim results show how far training has come; they are no basis of the annual appraisal."
        )
        return [stands + str(manner.asks_interim), str(manner.last)]
    asks = manner.asks_department if department else manner.asks_unit
    changes = _(
        "The results were open to objections and have been sealed. Should one be corrected, the school will tell of it in a document "
        "of its own."
    )
    return [str(asks), changes, str(manner.last)]
