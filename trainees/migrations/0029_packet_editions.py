import django.core.validators
import django.db.models.deletion
import partyschool.common.clock
from django.conf import settings
from django.db import migrations, models

from partyschool.common.triggers import append_only, keep_columns, no_delete, only_moves

# What was issued stands: number, code, digest and files of a packet never change. Only its state does, what supersedes it, and the
# withdrawal.
STANDS = """
DROP TRIGGER IF EXISTS "trainees_reportpacket_stands_tg" ON "trainees_reportpacket";
CREATE TRIGGER "trainees_reportpacket_stands_tg" BEFORE UPDATE ON "trainees_reportpacket" FOR EACH ROW
    WHEN ((to_jsonb(OLD) - '{state,superseded_by_id,withdrawn_at,withdrawn_by_id,withdrawal_reason}'::text[])
          IS DISTINCT FROM (to_jsonb(NEW) - '{state,superseded_by_id,withdrawn_at,withdrawn_by_id,withdrawal_reason}'::text[]))
    EXECUTE FUNCTION common_refuse_change();
"""
STOOD = """
DROP TRIGGER IF EXISTS "trainees_reportpacket_stands_tg" ON "trainees_reportpacket";
CREATE TRIGGER "trainees_reportpacket_stands_tg" BEFORE UPDATE ON "trainees_reportpacket" FOR EACH ROW
    WHEN ((to_jsonb(OLD) - ARRAY['state', 'superseded_by_id']) IS DISTINCT FROM (to_jsonb(NEW) - ARRAY['state', 'superseded_by_id']))
    EXECUTE FUNCTION common_refuse_change();
"""

# Going back, where a unit has one report a year that holds: the yearly one, else the newest; the others hold no more. What was withdrawn
# there, or on the way, has no day and reason of its own: it is told by the day and person of its issue.
WITHDRAWN = """
UPDATE "trainees_reportpacket" SET withdrawn_at = issued_at, withdrawn_by_id = issued_by_id, withdrawal_reason = '—'
 WHERE state = 'withdrawn';
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
ONE_HELD = """
UPDATE "trainees_reportpacket" p SET state = 'withdrawn'
 WHERE state = 'valid' AND id <> (SELECT id FROM "trainees_reportpacket" o
                                   WHERE (o.year, o.recipient_id, o.state) = (p.year, p.recipient_id, 'valid')
                                   ORDER BY o.edition = 'final' DESC, o.id DESC LIMIT 1);
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_unit_changes"),
        ("jobs", "0002_progress_and_once"),
        ("trainees", "0028_check_ins_fit"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PacketDelivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "reason",
                    models.CharField(blank=True, max_length=200, verbose_name="reason of the new delivery"),
                ),
                (
                    "delivered_at",
                    models.DateTimeField(default=partyschool.common.clock.now, verbose_name="delivered at"),
                ),
                ("reminded_at", models.DateTimeField(blank=True, null=True, verbose_name="reminded at")),
                ("reminders", models.PositiveSmallIntegerField(default=0, verbose_name="reminders")),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="PacketReceipt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60, verbose_name="name")),
                (
                    "received_at",
                    models.DateTimeField(default=partyschool.common.clock.now, verbose_name="received at"),
                ),
            ],
            options={
                "verbose_name": "receipt",
                "verbose_name_plural": "receipts",
            },
        ),
        migrations.CreateModel(
            name="ReportSchedule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                (
                    "edition",
                    models.CharField(
                        choices=[
                            ("final", "Yearly report"),
                            ("preview", "Interim report"),
                            ("erratum", "Correction"),
                        ],
                        max_length=7,
                        verbose_name="kind of report",
                    ),
                ),
                (
                    "doc_type",
                    models.CharField(
                        choices=[
                            ("circular", "Circular (tongbao)"),
                            ("report", "Report (baogao)"),
                            ("letter", "Letter (han)"),
                        ],
                        default="circular",
                        max_length=8,
                        verbose_name="kind of document",
                    ),
                ),
                (
                    "frequency",
                    models.CharField(
                        choices=[("yearly", "every year"), ("quarterly", "every quarter")],
                        max_length=9,
                        verbose_name="how often",
                    ),
                ),
                (
                    "month",
                    models.PositiveSmallIntegerField(
                        default=1,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(12),
                        ],
                        verbose_name="month",
                    ),
                ),
                (
                    "day",
                    models.PositiveSmallIntegerField(
                        default=10,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(28),
                        ],
                        verbose_name="day of the month",
                    ),
                ),
                ("at", models.TimeField(verbose_name="time")),
                ("active", models.BooleanField(default=True, verbose_name="active")),
                ("next_at", models.DateTimeField(editable=False, verbose_name="next run")),
                (
                    "last_at",
                    models.DateTimeField(blank=True, editable=False, null=True, verbose_name="last run"),
                ),
                (
                    "failures",
                    models.PositiveSmallIntegerField(
                        default=0, editable=False, verbose_name="failures in a row"
                    ),
                ),
                (
                    "last_error",
                    models.CharField(blank=True, editable=False, max_length=400, verbose_name="last error"),
                ),
            ],
            options={
                "verbose_name": "report schedule",
                "verbose_name_plural": "report schedules",
            },
        ),
        migrations.CreateModel(
            name="SavedView",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("page", models.CharField(max_length=40, verbose_name="page")),
                ("name", models.CharField(max_length=40, verbose_name="name")),
                ("query", models.CharField(max_length=500, verbose_name="filters")),
                (
                    "saved_at",
                    models.DateTimeField(default=partyschool.common.clock.now, verbose_name="saved at"),
                ),
            ],
            options={
                "verbose_name": "saved view",
                "verbose_name_plural": "saved views",
            },
        ),
        migrations.RemoveConstraint(
            model_name="reportpacket",
            name="trainees_reportpacket_valid_uq",
        ),
        migrations.AddField(
            model_name="reportpacket",
            name="corrects",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="errata",
                to="trainees.reportpacket",
                verbose_name="corrects",
            ),
        ),
        migrations.AddField(
            model_name="reportpacket",
            name="doc_type",
            field=models.CharField(
                choices=[
                    ("circular", "Circular (tongbao)"),
                    ("report", "Report (baogao)"),
                    ("letter", "Letter (han)"),
                ],
                default="circular",
                max_length=8,
                verbose_name="kind of document",
            ),
        ),
        migrations.AddField(
            model_name="reportpacket",
            name="edition",
            field=models.CharField(
                choices=[
                    ("final", "Yearly report"),
                    ("preview", "Interim report"),
                    ("erratum", "Correction"),
                ],
                default="final",
                max_length=7,
                verbose_name="kind of report",
            ),
        ),
        migrations.AddField(
            model_name="reportpacket",
            name="manifest",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="jobs.storedfile",
                verbose_name="manifest",
            ),
        ),
        migrations.AddField(
            model_name="reportpacket",
            name="quarter",
            field=models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="quarter"),
        ),
        migrations.AddField(
            model_name="reportpacket",
            name="queried_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="data read at"),
        ),
        migrations.AddField(
            model_name="reportpacket",
            name="withdrawal_reason",
            field=models.CharField(blank=True, max_length=200, verbose_name="reason of the withdrawal"),
        ),
        migrations.AddField(
            model_name="reportpacket",
            name="withdrawn_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="withdrawn at"),
        ),
        migrations.AddField(
            model_name="reportpacket",
            name="withdrawn_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="withdrawn by",
            ),
        ),
        migrations.RunSQL(STANDS, STOOD),
        migrations.RunSQL(WITHDRAWN, ONE_HELD),
        migrations.AddConstraint(
            model_name="reportpacket",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "valid"), models.Q(("edition", "erratum"), _negated=True)),
                fields=("year", "recipient", "edition", "quarter"),
                name="trainees_reportpacket_valid_uq",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="reportpacket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("edition", "preview"), ("quarter__gte", 1), ("quarter__lte", 4)),
                    models.Q(("edition__in", ["final", "erratum"]), ("quarter__isnull", True)),
                    _connector="OR",
                ),
                name="trainees_reportpacket_edition_ck",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportpacket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("corrects__isnull", False), ("edition", "erratum")),
                    models.Q(models.Q(("edition", "erratum"), _negated=True), ("corrects__isnull", True)),
                    _connector="OR",
                ),
                name="trainees_reportpacket_corrects_ck",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportpacket",
            constraint=models.CheckConstraint(
                condition=models.Q(("doc_type__in", ["circular", "report", "letter"])),
                name="trainees_reportpacket_doc_type_ck",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportpacket",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state", "withdrawn"),
                        ("withdrawn_at__isnull", False),
                        ("withdrawn_by__isnull", False),
                        models.Q(("withdrawal_reason", ""), _negated=True),
                    ),
                    models.Q(models.Q(("state", "withdrawn"), _negated=True), ("withdrawn_at__isnull", True)),
                    _connector="OR",
                ),
                name="trainees_reportpacket_withdrawn_ck",
            ),
        ),
        migrations.AddField(
            model_name="packetdelivery",
            name="delivered_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="delivered by",
            ),
        ),
        migrations.AddField(
            model_name="packetdelivery",
            name="packet",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="deliveries",
                to="trainees.reportpacket",
                verbose_name="report packet",
            ),
        ),
        migrations.AddField(
            model_name="packetdelivery",
            name="unit",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.unit",
                verbose_name="delivered to",
            ),
        ),
        migrations.AddField(
            model_name="packetreceipt",
            name="delivery",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="receipts",
                to="trainees.packetdelivery",
                verbose_name="delivery",
            ),
        ),
        migrations.AddField(
            model_name="packetreceipt",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="received by",
            ),
        ),
        migrations.AddField(
            model_name="reportschedule",
            name="last_job",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="jobs.job",
                verbose_name="last job",
            ),
        ),
        migrations.AddField(
            model_name="savedview",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="saved_views",
                to=settings.AUTH_USER_MODEL,
                verbose_name="user",
            ),
        ),
        migrations.AddConstraint(
            model_name="packetdelivery",
            constraint=models.UniqueConstraint(
                fields=("packet", "unit"), name="trainees_packetdelivery_once_uq"
            ),
        ),
        migrations.AddConstraint(
            model_name="packetreceipt",
            constraint=models.UniqueConstraint(
                fields=("delivery", "user"), name="trainees_packetreceipt_once_uq"
            ),
        ),
        migrations.AddIndex(
            model_name="reportschedule",
            index=models.Index(
                condition=models.Q(("active", True)), fields=["next_at"], name="trainees_schedule_due_ix"
            ),
        ),
        migrations.AddConstraint(
            model_name="reportschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("edition", "final"), ("frequency", "yearly")),
                    models.Q(("edition", "preview"), ("frequency", "quarterly")),
                    _connector="OR",
                ),
                name="trainees_reportschedule_edition_ck",
                violation_error_message="Yearly reports are made every year, interim reports every quarter.",
            ),
        ),
        migrations.AddConstraint(
            model_name="reportschedule",
            constraint=models.CheckConstraint(
                condition=models.Q(("day__gte", 1), ("day__lte", 28), ("month__gte", 1), ("month__lte", 12)),
                name="trainees_reportschedule_day_ck",
            ),
        ),
        migrations.AddConstraint(
            model_name="savedview",
            constraint=models.UniqueConstraint(
                fields=("user", "page", "name"), name="trainees_savedview_name_uq"
            ),
        ),
        *append_only("trainees_packetreceipt"),
        *no_delete("trainees_packetdelivery"),
        keep_columns("trainees_packetdelivery", "packet_id", "unit_id", "delivered_at", "delivered_by_id"),
        only_moves(
            "trainees_reportpacket",
            ("valid", "superseded"),
            ("valid", "withdrawn"),
            ("superseded", "withdrawn"),
        ),
    ]
