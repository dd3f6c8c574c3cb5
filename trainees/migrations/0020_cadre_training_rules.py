from django.db import migrations

from partyschool.common.triggers import append_only, keep_columns, no_delete, only_moves

# The history of postings follows every change of unit, rank, post and category, on any path.
KEEP_POSTINGS = """
CREATE FUNCTION trainees_begin_posting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.posted_on := coalesce(NEW.posted_on, CASE WHEN TG_OP = 'UPDATE' THEN OLD.posted_on END, NEW.joined_on);
    RETURN NEW;
END $$;
CREATE TRIGGER "trainees_cadre_begin_posting_tg" BEFORE INSERT OR UPDATE ON "trainees_cadre"
    FOR EACH ROW EXECUTE FUNCTION trainees_begin_posting();

CREATE FUNCTION trainees_keep_postings() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    present trainees_posting;
    before trainees_posting;
BEGIN
    IF TG_OP = 'DELETE' THEN
        DELETE FROM trainees_posting WHERE cadre_id = OLD.id;
        RETURN NULL;
    END IF;
    IF TG_OP = 'INSERT' THEN
        INSERT INTO trainees_posting (cadre_id, unit_id, rank, post, category, starts_on, ends_on, reason, noted_at)
        VALUES (NEW.id, NEW.unit_id, NEW.rank, NEW.post, NEW.category, NEW.posted_on,
                CASE WHEN NEW.left_on >= NEW.posted_on THEN NEW.left_on END, '', now());
        RETURN NULL;
    END IF;
    SELECT * INTO present FROM trainees_posting WHERE cadre_id = NEW.id ORDER BY starts_on DESC LIMIT 1;
    IF (NEW.unit_id, NEW.rank, NEW.post, NEW.category) IS DISTINCT FROM (present.unit_id, present.rank, present.post, present.category)
       AND NEW.posted_on > present.starts_on THEN
        UPDATE trainees_posting SET ends_on = NEW.posted_on - 1 WHERE id = present.id;
        INSERT INTO trainees_posting (cadre_id, unit_id, rank, post, category, starts_on, ends_on, reason, noted_at)
        VALUES (NEW.id, NEW.unit_id, NEW.rank, NEW.post, NEW.category, NEW.posted_on,
                CASE WHEN NEW.left_on >= NEW.posted_on THEN NEW.left_on END, '', now());
        RETURN NULL;
    END IF;
    IF NEW.posted_on <> present.starts_on THEN
        IF (NEW.unit_id, NEW.rank, NEW.post, NEW.category) IS DISTINCT FROM (present.unit_id, present.rank, present.post, present.category) THEN
            RAISE EXCEPTION 'cadre % is in the present posting since %', NEW.id, present.starts_on
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trainees_posting_order_tg', TABLE = 'trainees_posting';
        END IF;
        SELECT * INTO before FROM trainees_posting WHERE cadre_id = NEW.id AND id <> present.id ORDER BY starts_on DESC LIMIT 1;
        IF before.starts_on >= NEW.posted_on THEN
            RAISE EXCEPTION 'cadre % had another posting until %', NEW.id, before.ends_on
                USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trainees_posting_order_tg', TABLE = 'trainees_posting';
        END IF;
        UPDATE trainees_posting SET ends_on = least(ends_on, NEW.posted_on - 1) WHERE id = before.id AND NEW.posted_on < present.starts_on;
    END IF;
    UPDATE trainees_posting
       SET unit_id = NEW.unit_id, rank = NEW.rank, post = NEW.post, category = NEW.category, starts_on = NEW.posted_on,
           ends_on = CASE WHEN NEW.left_on >= NEW.posted_on THEN NEW.left_on END
     WHERE id = present.id;
    UPDATE trainees_posting SET ends_on = NEW.posted_on - 1 WHERE id = before.id AND NEW.posted_on > present.starts_on;
    RETURN NULL;
END $$;
CREATE TRIGGER "trainees_cadre_keep_postings_tg" AFTER INSERT OR DELETE ON "trainees_cadre"
    FOR EACH ROW EXECUTE FUNCTION trainees_keep_postings();
CREATE TRIGGER "trainees_cadre_move_postings_tg" AFTER UPDATE ON "trainees_cadre"
    FOR EACH ROW WHEN ((OLD.unit_id, OLD.rank, OLD.post, OLD.category, OLD.posted_on, OLD.left_on)
                       IS DISTINCT FROM (NEW.unit_id, NEW.rank, NEW.post, NEW.category, NEW.posted_on, NEW.left_on))
    EXECUTE FUNCTION trainees_keep_postings();

CREATE FUNCTION trainees_guard_posting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() > 1 OR (TG_OP = 'UPDATE' AND
       to_jsonb(NEW) - '{reason,noted_by_id,noted_at}'::text[] = to_jsonb(OLD) - '{reason,noted_by_id,noted_at}'::text[]) THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    RAISE EXCEPTION 'postings follow the cadre'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'trainees_posting_guard_tg', TABLE = TG_TABLE_NAME;
END $$;
CREATE TRIGGER "trainees_posting_guard_tg" BEFORE INSERT OR UPDATE OR DELETE ON "trainees_posting"
    FOR EACH ROW EXECUTE FUNCTION trainees_guard_posting();
"""
LOSE_POSTINGS = """
DROP TRIGGER IF EXISTS "trainees_posting_guard_tg" ON "trainees_posting";
DROP TRIGGER IF EXISTS "trainees_cadre_begin_posting_tg" ON "trainees_cadre";
DROP TRIGGER IF EXISTS "trainees_cadre_keep_postings_tg" ON "trainees_cadre";
DROP TRIGGER IF EXISTS "trainees_cadre_move_postings_tg" ON "trainees_cadre";
DROP FUNCTION IF EXISTS trainees_guard_posting(), trainees_begin_posting(), trainees_keep_postings();
"""
FIRST_POSTINGS = """
INSERT INTO trainees_posting (cadre_id, unit_id, rank, post, category, starts_on, ends_on, reason, noted_at)
SELECT id, unit_id, rank, post, category, posted_on, left_on, '', now() FROM trainees_cadre c
 WHERE NOT EXISTS (SELECT FROM trainees_posting p WHERE p.cadre_id = c.id)
"""

# A quota counts the nominations that are alive, on any path; more than its seats violates trainees_assignmentquota_nominated_ck.
COUNT_NOMINATIONS = """
CREATE FUNCTION trainees_count_nomination() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    alive constant text[] := ARRAY['nominated', 'confirmed'];
    step integer := (NEW.state = ANY (alive))::integer;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        step := step - (OLD.state = ANY (alive))::integer;
    END IF;
    IF step <> 0 THEN
        UPDATE trainees_assignmentquota SET nominated = nominated + step WHERE id = NEW.quota_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "trainees_nomination_count_tg" AFTER INSERT OR UPDATE ON "trainees_nomination"
    FOR EACH ROW WHEN (NEW.quota_id IS NOT NULL) EXECUTE FUNCTION trainees_count_nomination();

CREATE FUNCTION trainees_check_assigned() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM trainees_nomination n JOIN trainees_assignment a ON a.id = n.assignment_id
                    WHERE n.enrolment_id = NEW.id AND n.cadre_id = NEW.cadre_id AND a.offering_id = NEW.offering_id
                      AND n.state NOT IN ('nominated', 'returned')) THEN
        RAISE EXCEPTION 'enrolment % comes of an assignment that nobody confirmed', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "trainees_enrolment_assigned_tg" AFTER INSERT OR UPDATE ON "trainees_enrolment"
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.origin = 'assigned') EXECUTE FUNCTION trainees_check_assigned();
"""
LOSE_NOMINATIONS = """
DROP TRIGGER IF EXISTS "trainees_nomination_count_tg" ON "trainees_nomination";
DROP TRIGGER IF EXISTS "trainees_enrolment_assigned_tg" ON "trainees_enrolment";
DROP FUNCTION IF EXISTS trainees_count_nomination(), trainees_check_assigned();
"""

# What was released to the cadres stands still.
FREEZE_CONDUCT = """
CREATE FUNCTION trainees_freeze_conduct() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT state FROM trainees_conductsheet WHERE id = NEW.sheet_id FOR SHARE) = 'released' THEN
        RAISE EXCEPTION 'the conduct scores of sheet % are released', NEW.sheet_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "trainees_conductscore_released_tg" BEFORE INSERT OR UPDATE ON "trainees_conductscore"
    FOR EACH ROW EXECUTE FUNCTION trainees_freeze_conduct();
"""
THAW_CONDUCT = """
DROP TRIGGER IF EXISTS "trainees_conductscore_released_tg" ON "trainees_conductscore";
DROP FUNCTION IF EXISTS trainees_freeze_conduct();
"""

# A sealed result stands still but for one thing: a correction (a further sealed row) supersedes it.
SEAL_RESULTS = """
CREATE FUNCTION trainees_keep_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.superseded AND NOT OLD.superseded AND to_jsonb(NEW) - 'superseded' = to_jsonb(OLD) - 'superseded' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'result % is sealed', OLD.id
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME,
              HINT = 'Correct it by a further row that names it.';
END $$;
CREATE TRIGGER "trainees_yearlyassessment_sealed_tg" BEFORE UPDATE ON "trainees_yearlyassessment"
    FOR EACH ROW WHEN (OLD.sealed) EXECUTE FUNCTION trainees_keep_sealed();

CREATE FUNCTION trainees_check_correction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM trainees_yearlyassessment a WHERE a.id = NEW.corrects_id AND a.sealed AND a.superseded
                      AND a.cadre_id = NEW.cadre_id AND a.year = NEW.year) THEN
        RAISE EXCEPTION 'result % does not correct a sealed result of its cadre and year', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "trainees_yearlyassessment_corrects_tg" AFTER INSERT ON "trainees_yearlyassessment"
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.corrects_id IS NOT NULL) EXECUTE FUNCTION trainees_check_correction();

CREATE FUNCTION trainees_check_superseded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM trainees_yearlyassessment a WHERE a.corrects_id = NEW.id) THEN
        RAISE EXCEPTION 'result % was superseded by nothing', NEW.id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER "trainees_yearlyassessment_superseded_tg" AFTER UPDATE ON "trainees_yearlyassessment"
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.superseded AND NOT OLD.superseded) EXECUTE FUNCTION trainees_check_superseded();
"""
UNSEAL_RESULTS = """
DROP TRIGGER IF EXISTS "trainees_yearlyassessment_sealed_tg" ON "trainees_yearlyassessment";
DROP TRIGGER IF EXISTS "trainees_yearlyassessment_corrects_tg" ON "trainees_yearlyassessment";
DROP TRIGGER IF EXISTS "trainees_yearlyassessment_superseded_tg" ON "trainees_yearlyassessment";
DROP FUNCTION IF EXISTS trainees_keep_sealed(), trainees_check_correction(), trainees_check_superseded();
"""


class Migration(migrations.Migration):
    dependencies = [("common", "0002_moves"), ("trainees", "0019_cadre_training")]
    operations = [
        migrations.RunSQL(FIRST_POSTINGS, migrations.RunSQL.noop),
        migrations.RunSQL(KEEP_POSTINGS, LOSE_POSTINGS),
        migrations.RunSQL(COUNT_NOMINATIONS, LOSE_NOMINATIONS),
        migrations.RunSQL(FREEZE_CONDUCT, THAW_CONDUCT),
        migrations.RunSQL(SEAL_RESULTS, UNSEAL_RESULTS),
        *append_only("trainees_checkin"),
        *append_only("trainees_conductchange"),
        *append_only("trainees_evidence"),
        *no_delete("trainees_assignment"),
        *no_delete("trainees_nomination"),
        *no_delete("trainees_deferral"),
        *no_delete("trainees_leaverequest"),
        *no_delete("trainees_creditclaim"),
        *no_delete("trainees_conductsheet"),
        *no_delete("trainees_conductscore"),
        *no_delete("trainees_assessmentyear"),
        *no_delete("trainees_assessmentobjection"),
        *no_delete("trainees_makeupplan"),
        keep_columns("trainees_nomination", "assignment_id", "cadre_id", "quota_id", "mode", "nominated_by_id", "replaces_id"),
        keep_columns("trainees_deferral", "nomination_id", "asked_by_id"),
        keep_columns("trainees_leaverequest", "enrolment_id", "starts_at", "ends_at", "asked_by_id"),
        keep_columns("trainees_creditclaim", "cadre_id", "submitted_by_id"),
        keep_columns("trainees_conductscore", "sheet_id", "enrolment_id"),
        keep_columns("trainees_assessmentobjection", "assessment_id", "by_unit", "raised_by_id"),
        keep_columns("trainees_makeupplan", "assessment_id"),
        only_moves("trainees_assignment", ("draft", "issued"), ("draft", "cancelled"), ("issued", "closed"), ("issued", "cancelled")),
        only_moves(
            "trainees_nomination",
            ("nominated", "confirmed"),
            ("nominated", "returned"),
            ("nominated", "withdrawn"),
            ("confirmed", "deferred"),
            ("confirmed", "replaced"),
            ("confirmed", "withdrawn"),
        ),
        only_moves("trainees_deferral", ("asked", "agreed"), ("asked", "refused"), ("asked", "withdrawn")),
        only_moves(
            "trainees_leaverequest",
            ("asked", "approved"),
            ("asked", "refused"),
            ("asked", "cancelled"),
            ("approved", "returned"),
            ("approved", "cancelled"),
        ),
        only_moves(
            "trainees_creditclaim",
            ("submitted", "approved"),
            ("submitted", "returned"),
            ("submitted", "refused"),
            ("submitted", "withdrawn"),
            ("returned", "submitted"),
            ("returned", "withdrawn"),
        ),
        only_moves("trainees_conductsheet", ("open", "submitted"), ("submitted", "open"), ("submitted", "released")),
        only_moves("trainees_assessmentyear", ("preview", "objection"), ("objection", "sealed")),
        only_moves("trainees_assessmentobjection", ("raised", "upheld"), ("raised", "rejected"), ("raised", "withdrawn")),
        only_moves("trainees_makeupplan", ("planned", "done"), ("planned", "missed"), ("planned", "cancelled")),
    ]
