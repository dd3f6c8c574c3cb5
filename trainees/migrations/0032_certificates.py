import django.db.models.deletion
import partyschool.common.clock
from django.conf import settings
from django.db import migrations, models

from partyschool.common.triggers import no_delete, only_moves

# A certificate is of a completed class and says for ever what it said: only its revocation is written into it.
RULES = """
CREATE FUNCTION trainees_ask_completed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT state FROM trainees_enrolment WHERE id = NEW.enrolment_id FOR KEY SHARE) IS DISTINCT FROM 'completed' THEN
        RAISE EXCEPTION 'enrolment % is not completed', NEW.enrolment_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "trainees_certificate_completed_tg" BEFORE INSERT ON "trainees_certificate"
    FOR EACH ROW EXECUTE FUNCTION trainees_ask_completed();
CREATE TRIGGER "trainees_certificate_stands_tg" BEFORE UPDATE ON "trainees_certificate" FOR EACH ROW
    WHEN ((to_jsonb(OLD) - '{state,revoked_at,revoked_by_id,revocation_reason}'::text[])
          IS DISTINCT FROM (to_jsonb(NEW) - '{state,revoked_at,revoked_by_id,revocation_reason}'::text[]))
    EXECUTE FUNCTION common_refuse_change();
"""
RULES_NO_MORE = """
DROP TRIGGER IF EXISTS "trainees_certificate_completed_tg" ON "trainees_certificate";
DROP TRIGGER IF EXISTS "trainees_certificate_stands_tg" ON "trainees_certificate";
DROP FUNCTION IF EXISTS trainees_ask_completed();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('trainees', '0031_saved_view_default'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CertificateCounter',
            fields=[
                ('year', models.PositiveSmallIntegerField(primary_key=True, serialize=False, verbose_name='year')),
                ('last_number', models.PositiveIntegerField(default=0, verbose_name='last number')),
            ],
            options={
                'verbose_name': 'certificate counter',
                'verbose_name_plural': 'certificate counters',
            },
        ),
        migrations.CreateModel(
            name='Certificate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('completion', 'Certificate of completion'), ('training', 'Certificate of training')], max_length=10, verbose_name='kind of certificate')),
                ('number', models.PositiveIntegerField(verbose_name='certificate number')),
                ('number_year', models.PositiveSmallIntegerField(verbose_name='year of the certificate number')),
                ('code', models.CharField(max_length=20, unique=True, verbose_name='verification code')),
                ('name', models.CharField(max_length=60, verbose_name='name of the holder')),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('starts_on', models.DateField(verbose_name='starts on')),
                ('ends_on', models.DateField(verbose_name='ends on')),
                ('hours', models.DecimalField(decimal_places=2, max_digits=7, verbose_name='class-hours')),
                ('state', models.CharField(choices=[('valid', 'Valid'), ('revoked', 'Revoked')], default='valid', max_length=8, verbose_name='state')),
                ('issued_at', models.DateTimeField(default=partyschool.common.clock.now, verbose_name='issued at')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked at')),
                ('revocation_reason', models.CharField(blank=True, max_length=200, verbose_name='reason of the revocation')),
                ('enrolment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='certificates', to='trainees.enrolment', verbose_name='enrolment')),
                ('issued_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='issued by')),
                ('revoked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='revoked by')),
            ],
            options={
                'verbose_name': 'certificate',
                'verbose_name_plural': 'certificates',
                'constraints': [models.UniqueConstraint(fields=('number_year', 'number'), name='trainees_certificate_number_uq'), models.UniqueConstraint(condition=models.Q(('state', 'valid')), fields=('enrolment',), name='trainees_certificate_valid_uq'), models.CheckConstraint(condition=models.Q(('kind__in', ['completion', 'training'])), name='trainees_certificate_kind_ck'), models.CheckConstraint(condition=models.Q(('ends_on__gte', models.F('starts_on')), ('hours__gte', 0)), name='trainees_certificate_class_ck'), models.CheckConstraint(condition=models.Q(models.Q(('revocation_reason', ''), ('revoked_at__isnull', True), ('revoked_by__isnull', True), ('state', 'valid')), models.Q(('revoked_at__isnull', False), ('revoked_by__isnull', False), ('state', 'revoked'), models.Q(('revocation_reason', ''), _negated=True)), _connector='OR'), name='trainees_certificate_revoked_ck')],
            },
        ),
        *no_delete("trainees_certificate"),
        *no_delete("trainees_certificatecounter"),
        only_moves("trainees_certificate", ("valid", "revoked")),
        migrations.RunSQL(RULES, RULES_NO_MORE),
    ]
