from datetime import date

from django.db import migrations, models
from django.db.models import Q

CODES = (
    ("calls_a_year", "Assigned trainings of one person a year, at most"),
    ("away_calls_a_year", "Assigned trainings outside the province a year, at most"),
    ("long_class_days", "A long class has at least this many days"),
    ("long_class_years", "One long class in this many years, at most"),
    ("topic_class_days", "Days of a single-topic class, at most"),
    ("same_topic_years", "Years before the same topic is attended again"),
    ("promoted_within_years", "Years to make up training after a promotion"),
    ("remind_days", "Days before a deadline when reminders go out"),
    ("escalate_days", "Days after a missed deadline when the organisation department is told"),
    ("leave_share", "Share of a class's hours on leave, above which a trainee is withdrawn"),
    ("absent_days", "Days absent without leave, from which a trainee is withdrawn"),
    ("late_minutes", "Minutes after the start from which a check-in is late"),
    ("late_absent_minutes", "Minutes after the start from which a check-in no longer counts"),
    ("early_minutes", "Minutes before the end before which leaving is early"),
    ("check_in_opens_minutes", "Minutes before the start when check-in opens"),
    ("code_seconds", "Seconds that a check-in code is shown"),
    ("offline_hours", "Hours within which a check-in made without network must arrive"),
    ("sent_late_minutes", "Minutes after which a check-in made without network is shown as sent late"),
    ("hours_a_day", "Class-hours of a training day"),
    ("objection_days", "Days in which objections can be raised"),
    ("make_up_days", "Days after sealing by which make-up training is due"),
    ("receipt_remind_days", "Days without a receipt after which the recipient of a report is reminded"),
)
MINUTES = {
    "code": "sent_late_minutes",
    "value": "60",
    "valid_from": date(2023, 1, 1),
    "source": "本校默认值，使用前由教务处核定",
}


def enter(apps, schema_editor):
    apps.get_model("trainees", "TrainingFigure").objects.create(**MINUTES)


def take_back(apps, schema_editor):
    apps.get_model("trainees", "TrainingFigure").objects.filter(code=MINUTES["code"]).delete()


class Migration(migrations.Migration):
    dependencies = [("trainees", "0035_seats_by_statement")]

    operations = [
        migrations.RemoveConstraint("trainingfigure", "trainees_trainingfigure_code_ck"),
        migrations.AlterField(
            "trainingfigure",
            "code",
            models.CharField("figure", max_length=24, choices=CODES),
        ),
        migrations.AddConstraint(
            "trainingfigure",
            models.CheckConstraint(
                condition=Q(code__in=[code for code, _label in CODES]), name="trainees_trainingfigure_code_ck"
            ),
        ),
        migrations.RunPython(enter, take_back),
    ]
