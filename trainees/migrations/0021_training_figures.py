from datetime import date

from django.db import migrations

REGULATIONS = "《干部教育培训工作条例》（2023年修订）"
LOCAL = "本校默认值，使用前由教务处商组织部门核定"
NEARBY = "外地县级干部调训规定，供参照，使用前商组织部门核定"
FIGURES = (
    ("calls_a_year", "2", NEARBY),
    ("away_calls_a_year", "1", NEARBY),
    ("long_class_days", "60", NEARBY),
    ("long_class_years", "3", NEARBY),
    ("topic_class_days", "5", NEARBY),
    ("same_topic_years", "2", LOCAL),
    ("promoted_within_years", "1", REGULATIONS),
    ("remind_days", "3", LOCAL),
    ("escalate_days", "1", LOCAL),
    ("leave_share", "0.1429", REGULATIONS),
    ("absent_days", "2", "外地党校学员管理规定，供参照，使用前由教务处核定"),
    ("late_minutes", "5", LOCAL),
    ("late_absent_minutes", "30", LOCAL),
    ("early_minutes", "10", LOCAL),
    ("check_in_opens_minutes", "30", LOCAL),
    ("code_seconds", "10", LOCAL),
    ("offline_hours", "12", LOCAL),
    ("hours_a_day", "8", LOCAL),
    ("objection_days", "10", LOCAL),
    ("make_up_days", "180", LOCAL),
)
# Half-days of leave in a row, and who decides.
TIERS = ((1, "class_teacher"), (2, "academic"), (6, "leader"), (None, "orgdept"))
CYCLE = (
    ("county_division", 550, REGULATIONS + "：五年内累计三个月或者五百五十学时"),
    ("township_section", 450, REGULATIONS + "：每年九十学时，五年合计"),
    ("staff", 450, REGULATIONS + "：每年九十学时，五年合计"),
)


def enter(apps, schema_editor):
    models = apps.get_app_config("trainees")
    models.get_model("TrainingFigure").objects.bulk_create(
        models.get_model("TrainingFigure")(code=code, value=value, valid_from=date(2023, 1, 1), source=source)
        for code, value, source in FIGURES
    )
    models.get_model("LeaveTier").objects.bulk_create(
        models.get_model("LeaveTier")(most_half_days=most, approver=approver, source=LOCAL) for most, approver in TIERS
    )
    models.get_model("CycleRequirement").objects.bulk_create(
        models.get_model("CycleRequirement")(rank=rank, first_year=2023, last_year=2027, hours=hours, source=source)
        for rank, hours, source in CYCLE
    )


def take_back(apps, schema_editor):
    for name in ("TrainingFigure", "LeaveTier", "CycleRequirement"):
        apps.get_app_config("trainees").get_model(name).objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("trainees", "0020_cadre_training_rules")]
    operations = [migrations.RunPython(enter, take_back)]
