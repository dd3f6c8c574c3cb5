from django.db import migrations

# Roles that watch each other are not held together by one person on any day, on any path (accounts.rules.APART). The user's row is
# locked, so that of two grants given at the same moment the second sees the first.
ROLES_APART = """
CREATE FUNCTION accounts_keep_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM accounts_user WHERE id = NEW.user_id FOR NO KEY UPDATE;
    IF EXISTS (
        SELECT FROM accounts_rolegrant held
          JOIN (VALUES ('admin', 'staff'), ('admin', 'finance'), ('admin', 'leader'), ('admin', 'orgdept'), ('admin', 'auditor'),
                       ('auditor', 'staff'), ('auditor', 'finance')) apart (one, other)
            ON (held.role, NEW.role) IN ((apart.one, apart.other), (apart.other, apart.one))
         WHERE held.user_id = NEW.user_id AND held.id <> NEW.id
           AND held.valid_from <= coalesce(NEW.valid_until, 'infinity') AND NEW.valid_from <= coalesce(held.valid_until, 'infinity')
    ) THEN
        RAISE EXCEPTION 'user % holds a role that is not held together with %', NEW.user_id, NEW.role
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER "accounts_rolegrant_apart_tg" BEFORE INSERT OR UPDATE ON "accounts_rolegrant"
    FOR EACH ROW EXECUTE FUNCTION accounts_keep_apart();
"""
TOGETHER_AGAIN = """
DROP TRIGGER IF EXISTS "accounts_rolegrant_apart_tg" ON "accounts_rolegrant";
DROP FUNCTION IF EXISTS accounts_keep_apart();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_unit_changes")]
    operations = [migrations.RunSQL(ROLES_APART, TOGETHER_AGAIN)]
