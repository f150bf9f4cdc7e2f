"""Rules of tables: money is whole minor units, names tell types, and every money table has its constraints."""

from __future__ import annotations

from django.apps import AppConfig, apps
from django.core.management import call_command
from django.db import connection, models

from tests.house import tree

# Which constraints each money table relies on, or why it needs none. A new money table belongs here.
CONSTRAINTS: dict[str, tuple[str, ...] | str] = {
    "engine_ledger.Account": ("one_account_per_kind_owner_currency", "guarded_account_not_overdrawn"),
    "engine_ledger.Transfer": (
        "one_transfer_per_fact",
        "a_transfer_moves_something",
        "a_transfer_has_two_ends",
    ),
    "engine_ledger.Delta": "sums of transfers on their way into a balance; roll-up is proved by tests/ledger",
    # Its amounts are what the last look at the chain said: advice, the transfer decides (D23).
    "payments.PaymentMethod": ("one_default_method_per_customer", "a_default_method_is_active"),
    "payments.Payment": (
        "one_payment_per_number",
        "one_open_payment_per_source",
        "payment_amounts_make_sense",
        "payment_counters_not_negative",
        "payment_never_over_refunded",
    ),
    "payments.Dispute": ("one_dispute_per_reference", "dispute_amounts_make_sense"),
    "payments.Refund": ("one_refund_per_number", "refund_amounts_make_sense"),
    "payments.Evidence": "what somebody said, stored as it was said; apply judges it",
    "billing.PlanVersion": (
        "one_plan_version_per_number",
        "plan_price_not_negative",
        "plan_interval_not_zero",
    ),
    "billing.Invoice": (
        "one_invoice_per_period",
        "one_invoice_per_series_number",
        "invoice_counters_not_negative",
        "invoice_never_overcollected",
    ),
    "billing.InvoiceLine": ("one_invoice_line_per_number",),
    "billing.DailyReport": ("one_report_per_day",),
}
# What else the promises of the design rest on.
ALSO = {
    "payments.Attempt": (
        "one_attempt_per_number",
        "one_attempt_per_identity",
        "one_unresolved_attempt_per_payment",
    ),
    "payments.Case": ("one_case_per_matter",),
    "payments_callbacks.Callback": ("one_callback_per_event", "a_waiting_callback_has_its_time"),
    "payments.KillSwitch": ("one_kill_switch",),
    "billing.Subscription": ("one_live_subscription_per_plan", "only_a_billed_subscription_is_due"),
    "billing.Plan": ("one_plan_per_number",),
    "engine_outbox.Event": ("one_event_per_version",),
    "engine_rest.Answer": ("one_answer_per_word_of_all",),
    "engine_rest.Use": ("one_count_per_window",),
}
TIME_ENDINGS = ("_at", "_until", "_by", "_start", "_end")
# Tables whose rows never change (but for the columns named), held by triggers.
APPEND_ONLY = {
    "engine_ledger_transfer": (),
    "engine_outbox_event": ("dispatched_at",),
    "payments_evidence": ("applied_at", "verdict"),
    "billing_planversion": (),
    "billing_invoiceline": (),
    "engine_audit_entry": (),
}


def _configs() -> list[AppConfig]:
    return [config for config in apps.get_app_configs() if config.name.split(".")[0] in tree.PRODUCT]


def _models() -> list[type[models.Model]]:
    return [model for config in _configs() for model in config.get_models()]


def _fields() -> list[tuple[str, models.Field]]:
    return [
        (f"{model._meta.label}.{field.name}", field)
        for model in _models()
        for field in model._meta.get_fields()
        if isinstance(field, models.Field)
    ]


def test_money_is_whole_minor_units() -> None:
    found = [
        f"{name} is a {type(field).__name__}"
        for name, field in _fields()
        if (name.endswith("_minor") and type(field) is not models.BigIntegerField)
        or isinstance(field, models.DecimalField)
        or (isinstance(field, models.FloatField) and not name.endswith("_seconds"))
    ]
    tree.none_of(
        found, "Amounts are BigIntegerField `..._minor`; floats are for spans in `..._seconds` (D24):"
    )


def test_names_tell_types() -> None:
    found = []
    for name, field in _fields():
        is_time = isinstance(field, models.DateTimeField)
        if (is_time and not name.endswith(TIME_ENDINGS)) or (name.endswith("_at") and not is_time):
            found.append(f"{name} is a {type(field).__name__}")
        if name.endswith("_seconds") and not isinstance(field, models.FloatField | models.IntegerField):
            found.append(f"{name} is a {type(field).__name__}")
    tree.none_of(found, "Moments end in _at (limits in _until, _by; spans of time in _start, _end):")


def test_every_money_table_has_its_constraints_listed() -> None:
    with_money = {m._meta.label for m in _models() if any(f.name.endswith("_minor") for f in m._meta.fields)}
    tree.none_of(
        sorted(with_money - CONSTRAINTS.keys()), "Name its constraints in CONSTRAINTS, or say why none:"
    )
    tree.none_of(
        sorted(CONSTRAINTS.keys() - with_money), "Not a money table (any more), take it off the list:"
    )


def test_listed_constraints_are_declared() -> None:
    found = []
    for label, names in (CONSTRAINTS | ALSO).items():
        declared = {constraint.name for constraint in apps.get_model(label)._meta.constraints}
        found += [f"{label}: {name}" for name in names if not isinstance(names, str) and name not in declared]
    tree.none_of(found, "A promise of the design rests on it; put the constraint back:")


def test_declared_constraints_stand_in_the_database(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE convalidated"
            " UNION SELECT relname FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid WHERE indisvalid"
        )
        there = {name for (name,) in cursor.fetchall()}
    found = [
        f"{model._meta.label}: {rule.name}"
        for model in _models()
        for rule in [*model._meta.constraints, *model._meta.indexes]
        if rule.name not in there
    ]
    tree.none_of(found, "Declared on the model but not in the database; a migration is missing:")


def test_migrations_make_the_models(db: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_frozen_tables_refuse_change(db: None) -> None:
    """The triggers themselves; tests/ledger tries them."""
    found = []
    with connection.cursor() as cursor:
        for table, free in APPEND_ONLY.items():
            cursor.execute(
                "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass"
                " AND NOT tgisinternal AND tgenabled = 'O'",
                [table],
            )
            there = dict(cursor.fetchall())
            wanted = {"append_only_truncate", "append_only_delete", "append_only_update"}
            found += [f"{table}: {name}" for name in sorted(wanted - there.keys())]
            excepted = [name for name in free if f"'{name}'" not in there.get("append_only_update", "")]
            found += [f"{table}: {name} can't be set" for name in excepted]
    tree.none_of(found, "Add `append_only(table)` to a migration:")


def test_app_labels_are_explicit() -> None:
    found = [
        f"{config.name}: label {config.label}"
        for config in _configs()
        if "label" not in vars(type(config)) or config.label != config.name.replace(".", "_")
    ]
    tree.none_of(found, "Set `label` in apps.py: renaming it later renames every table:")


def test_constraints_read_as_sentences() -> None:
    found = [
        f"{model._meta.label}: {rule.name}"
        for model in _models()
        for rule in [*model._meta.constraints, *model._meta.indexes]
        if rule.name.endswith(("_idx", "_uniq", "_check", "_key"))
    ]
    tree.none_of(found, "Name it as what it promises: one_open_payment_per_source:")
