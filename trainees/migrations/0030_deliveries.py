from datetime import date

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

DAYS = {"code": "receipt_remind_days", "value": "5", "valid_from": date(2023, 1, 1), "source": "本校默认值，使用前由教务处商组织部门核定"}


def enter(apps, schema_editor):
    apps.get_model("trainees", "TrainingFigure").objects.create(**DAYS)


def take_back(apps, schema_editor):
    apps.get_model("trainees", "TrainingFigure").objects.filter(code=DAYS["code"]).delete()


class Migration(migrations.Migration):

    dependencies = [
        ('trainees', '0029_packet_editions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='trainingfigure',
            name='trainees_trainingfigure_code_ck',
        ),
        migrations.AddField(
            model_name='reportschedule',
            name='ordered_by',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='on behalf of'),
        ),
        migrations.AlterField(
            model_name='trainingfigure',
            name='code',
            field=models.CharField(choices=[('calls_a_year', 'Assigned trainings of one person a year, at most'), ('away_calls_a_year', 'Assigned trainings outside the province a year, at most'), ('long_class_days', 'A long class has at least this many days'), ('long_class_years', 'One long class in this many years, at most'), ('topic_class_days', 'Days of a single-topic class, at most'), ('same_topic_years', 'Years before the same topic is attended again'), ('promoted_within_years', 'Years to make up training after a promotion'), ('remind_days', 'Days before a deadline when reminders go out'), ('escalate_days', 'Days after a missed deadline when the organisation department is told'), ('leave_share', "Share of a class's hours on leave, above which a trainee is withdrawn"), ('absent_days', 'Days absent without leave, from which a trainee is withdrawn'), ('late_minutes', 'Minutes after the start from which a check-in is late'), ('late_absent_minutes', 'Minutes after the start from which a check-in no longer counts'), ('early_minutes', 'Minutes before the end before which leaving is early'), ('check_in_opens_minutes', 'Minutes before the start when check-in opens'), ('code_seconds', 'Seconds that a check-in code is shown'), ('offline_hours', 'Hours within which a check-in made without network must arrive'), ('hours_a_day', 'Class-hours of a training day'), ('objection_days', 'Days in which objections can be raised'), ('make_up_days', 'Days after sealing by which make-up training is due'), ('receipt_remind_days', 'Days without a receipt after which the recipient of a report is reminded')], max_length=24, verbose_name='figure'),
        ),
        migrations.AddConstraint(
            model_name='trainingfigure',
            constraint=models.CheckConstraint(condition=models.Q(('code__in', ['calls_a_year', 'away_calls_a_year', 'long_class_days', 'long_class_years', 'topic_class_days', 'same_topic_years', 'promoted_within_years', 'remind_days', 'escalate_days', 'leave_share', 'absent_days', 'late_minutes', 'late_absent_minutes', 'early_minutes', 'check_in_opens_minutes', 'code_seconds', 'offline_hours', 'hours_a_day', 'objection_days', 'make_up_days', 'receipt_remind_days'])), name='trainees_trainingfigure_code_ck'),
        ),
        migrations.RunPython(enter, take_back),
    ]
