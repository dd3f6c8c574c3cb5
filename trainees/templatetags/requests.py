"""Leaves in the words of half-days."""

from django import template

from trainees.models import LeaveRequest
from trainees.rules.leaves import span_text

register = template.Library()


@register.filter
def half_days_span(leave: LeaveRequest) -> str:
    """From which half-day to which, or the one half-day."""
    return span_text(leave.starts_at, leave.ends_at)
