from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from courses.enums import CourseModule, TeachingMethod
from faculty.models import Teacher

from .offerings import Offering


class Room(models.Model):
    """A place on campus where lessons are held."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)
    seats = models.PositiveIntegerField(_("seats"))

    class Meta:
        verbose_name = _("room")
        verbose_name_plural = _("rooms")

    def __str__(self) -> str:
        return self.name


class _Span(Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def _never_at_once(column: str, message: str | Promise) -> ExclusionConstraint:
    return ExclusionConstraint(
        name=f"courses_lesson_{column}_ex",
        expressions=[
            (_Span("starts_at", "ends_at", RangeBoundary()), RangeOperators.OVERLAPS),
            (column, RangeOperators.EQUAL),
        ],
        condition=Q(**{f"{column}__isnull": False}, cancelled_at__isnull=True),
        violation_error_message=message,  # type: ignore[arg-type]  # the stubs know no lazy text here
    )


class Lesson(models.Model):
    """One lesson of an offering: when, where, who, for how many class-hours. No room, teacher or offering is ever booked twice at once."""

    offering = models.ForeignKey(
        Offering, verbose_name=_("offering"), on_delete=models.PROTECT, related_name="lessons"
    )
    title = models.CharField(_("title"), max_length=120)
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    hours = models.DecimalField(_("class-hours"), max_digits=5, decimal_places=2)
    room = models.ForeignKey(
        Room, verbose_name=_("room"), null=True, blank=True, on_delete=models.PROTECT, related_name="lessons"
    )
    teacher = models.ForeignKey(
        Teacher,
        verbose_name=_("teacher"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="lessons",
    )
    module = models.CharField(_("module"), max_length=16, choices=CourseModule)
    method = models.CharField(
        _("method"), max_length=14, choices=TeachingMethod, default=TeachingMethod.LECTURE
    )
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)

    class Meta:
        verbose_name = _("lesson")
        verbose_name_plural = _("lessons")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="courses_lesson_times_ck",
                violation_error_message=_("A lesson must end after it starts."),
            ),
            models.CheckConstraint(
                condition=Q(hours__gt=0),
                name="courses_lesson_hours_ck",
                violation_error_message=_("Class-hours must be more than zero."),
            ),
            _never_at_once("room", _("The room is already taken at that time.")),
            _never_at_once("teacher", _("The teacher already teaches at that time.")),
            _never_at_once("offering", _("This offering already has a lesson at that time.")),
        ]
        indexes = [models.Index(fields=["starts_at"], name="courses_lesson_start_ix")]

    def __str__(self) -> str:
        return self.title
