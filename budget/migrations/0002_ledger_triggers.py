from django.db import migrations

from partyschool.common.triggers import append_only, keep_whole, true_reversal

MOVE_BALANCE = """
CREATE FUNCTION budget_move_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE budget_linebalance SET drawn = drawn + NEW.amount WHERE line_id = NEW.line_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'budget line % has no approved money', NEW.line_id
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME, TABLE = TG_TABLE_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER "budget_ledgerentry_move_balance_tg" AFTER INSERT ON "budget_ledgerentry"
    FOR EACH ROW EXECUTE FUNCTION budget_move_balance();
"""


class Migration(migrations.Migration):
    dependencies = [("budget", "0001_initial"), ("common", "0001_trigger_functions")]
    operations = [
        *append_only("budget_ledgerentry"),
        true_reversal("budget_ledgerentry", "line_id", "amount"),
        migrations.RunSQL(
            MOVE_BALANCE,
            'DROP TRIGGER IF EXISTS "budget_ledgerentry_move_balance_tg" ON "budget_ledgerentry"; DROP FUNCTION IF EXISTS budget_move_balance();',
        ),
        keep_whole("budget_linebalance"),
    ]
