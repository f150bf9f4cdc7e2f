"""Who owes what, when: customers, creators' plans, subscriptions, invoices."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q, Value

from billing import states
from engine.core.metadata import by_metadata


class Customer(models.Model):
    """The payer. Their dates live on `clock_id` and, for calendar periods, in `zone`."""

    id = models.UUIDField(primary_key=True)
    clock_id = models.BigIntegerField(default=0, db_default=0)
    name = models.CharField(max_length=200)
    email = models.EmailField(default="", db_default="", blank=True)
    wallet = models.CharField(max_length=64, default="", db_default="", blank=True)
    zone = models.CharField(max_length=60, default="UTC", db_default="UTC")
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["wallet"], name="customers_by_wallet"),
            models.Index(fields=["email"], condition=~Q(email=""), name="customers_by_email"),
            by_metadata("customers_by_metadata"),
        ]

    def __str__(self) -> str:
        return self.name


class Creator(models.Model):
    """The payee of a plan. `fee_bps` hundredths of a percent of each payment are the platform's."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=200)
    wallet = models.CharField(max_length=64, default="", db_default="", blank=True)
    fee_bps = models.PositiveIntegerField(default=0, db_default=0)
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(fee_bps__lte=10_000),
                                              name="creator_fee_at_most_everything")]  # fmt: skip
        indexes = [models.Index(fields=["wallet"], name="creators_by_wallet"),
                   by_metadata("creators_by_metadata")]  # fmt: skip

    def __str__(self) -> str:
        return self.name


class Plan(models.Model):
    """What a creator sells. Its terms stand in versions: a change never touches who subscribed before."""

    id = models.UUIDField(primary_key=True)
    creator = models.ForeignKey(Creator, on_delete=models.PROTECT, db_index=False, related_name="plans")
    number = models.PositiveIntegerField()  # the source's planId, unique per creator (row 0.70)
    name = models.CharField(max_length=200)
    active = models.BooleanField(default=True, db_default=True)
    version_no = models.PositiveIntegerField(default=1, db_default=1)  # the version new subscribers get
    told = models.PositiveIntegerField(default=0, db_default=0)  # numbers its events
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["creator", "number"], name="one_plan_per_number")]
        indexes = [
            models.Index(fields=["number", "id"], name="plans_by_number"),
            models.Index(fields=["id"], condition=Q(active=False), name="inactive_plans"),
            by_metadata("plans_by_metadata"),
        ]

    def __str__(self) -> str:
        return self.name


class PlanVersion(models.Model):
    """Immutable terms: `price_minor` of `currency` each `interval_count` `interval_unit`s."""

    id = models.UUIDField(primary_key=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, db_index=False, related_name="versions")
    no = models.PositiveIntegerField()
    price_minor = models.BigIntegerField()
    currency = models.CharField(max_length=10)
    interval_unit = models.CharField(max_length=8)
    interval_count = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "no"], name="one_plan_version_per_number"),
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="plan_price_not_negative"),
            models.CheckConstraint(condition=Q(interval_count__gt=0), name="plan_interval_not_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} v{self.no}"


class Subscription(models.Model):
    """A customer on a plan. `period_no` is the next period to bill and never resets.

    The n-th period starts at anchor + n intervals (engine.core.calendar). `next_due_at` is null while
    nothing is to be claimed (paused, canceled, held); `held_reason` then says why in a sentence.
    """

    class State(models.TextChoices):
        INCOMPLETE = "incomplete"
        ACTIVE = "active"
        PAST_DUE = "past_due"
        PAUSED = "paused"
        UNPAID = "unpaid"
        CANCELED = "canceled"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, db_index=False)
    creator = models.ForeignKey(Creator, on_delete=models.PROTECT, db_index=False)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, db_index=False)
    plan_version = models.ForeignKey(PlanVersion, on_delete=models.PROTECT, db_index=False)
    method_id = models.UUIDField(null=True)
    clock_id = models.BigIntegerField(default=0, db_default=0)
    state = models.CharField(max_length=12, choices=State, default=State.INCOMPLETE, db_default="incomplete")
    version = models.PositiveIntegerField(default=1, db_default=1)
    auto_pay = models.BooleanField(default=True, db_default=True)
    service_name = models.CharField(max_length=200, default="", db_default="", blank=True)
    anchor_at = models.DateTimeField()
    zone = models.CharField(max_length=60, default="UTC", db_default="UTC")
    period_no = models.PositiveIntegerField(default=0, db_default=0)
    next_due_at = models.DateTimeField(null=True)
    ends_at = models.DateTimeField(null=True)
    catch_up = models.PositiveIntegerField(default=0, db_default=0)  # missed periods billed in a row
    released_until = models.DateTimeField(null=True)  # missed periods up to here don't count as catch-up
    periods_skipped = models.PositiveIntegerField(default=0, db_default=0)  # numbers no invoice has (a pause)
    held_reason = models.TextField(default="", db_default="", blank=True)
    held_code = models.CharField(max_length=40, default="", db_default="", blank=True)
    reason_code = models.CharField(max_length=60, default="", db_default="", blank=True)  # why it is past_due
    reason = models.TextField(default="", db_default="", blank=True)
    metadata = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True)
    payments_made = models.PositiveIntegerField(default=0, db_default=0)
    payments_failed = models.PositiveIntegerField(default=0, db_default=0)
    last_payment_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer", "plan"], condition=~Q(state__in=("canceled", "expired")),
                                    name="one_live_subscription_per_plan"),
            models.CheckConstraint(condition=Q(next_due_at__isnull=True) | Q(state__in=states.BILLED, held_code=""),
                                   name="only_a_billed_subscription_is_due"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["clock_id", "next_due_at"], condition=Q(next_due_at__isnull=False),
                         name="subscriptions_due"),
            models.Index(fields=["id"], condition=Q(next_due_at__isnull=True, held_code="", state__in=states.BILLED),
                         name="subscriptions_to_audit"),
            models.Index(fields=["held_code"], condition=~Q(held_code=""), name="subscriptions_held"),
            models.Index(fields=["clock_id", "ends_at"], name="subscriptions_to_expire",
                         condition=Q(ends_at__isnull=False) & ~Q(state__in=("canceled", "expired"))),
            # The API's lists. Claim writes one entry of the first; what is active is in neither of the others.
            models.Index(fields=["plan", "id"], name="subscriptions_of_plan"),
            models.Index(fields=["state", "id"], condition=~Q(state="active"), name="subscriptions_by_state"),
            models.Index(fields=["customer", "id"], condition=Q(state__in=("canceled", "expired")),
                         name="ended_of_customer"),
            by_metadata("subscriptions_by_metadata"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"subscription {self.pk} {self.state}"


class Invoice(models.Model):
    """What is owed for one period. `collecting + collected <= due`, held by the database.

    `next_action_at` (machine time): a draft to finalize. `number` is given in order of issue, without gaps.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        PAID = "paid"
        VOID = "void"
        UNCOLLECTIBLE = "uncollectible"

    id = models.UUIDField(primary_key=True)
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, db_index=False)
    customer_id = models.UUIDField()
    creator_id = models.UUIDField()
    plan_version_id = models.UUIDField()
    clock_id = models.BigIntegerField(default=0, db_default=0)
    period_no = models.PositiveIntegerField()
    period_start = models.DateTimeField()
    period_end = models.DateTimeField()
    state = models.CharField(max_length=14, choices=State, default=State.DRAFT, db_default="draft")
    version = models.PositiveIntegerField(default=1, db_default=1)
    series = models.CharField(max_length=20, default="", db_default="", blank=True)
    number = models.PositiveBigIntegerField(null=True)
    currency = models.CharField(max_length=10)
    due_minor = models.BigIntegerField(default=0, db_default=0)
    collecting_minor = models.BigIntegerField(default=0, db_default=0)
    collected_minor = models.BigIntegerField(default=0, db_default=0)
    refunded_minor = models.BigIntegerField(default=0, db_default=0)  # nothing is due again by it
    payments_made = models.PositiveIntegerField(default=0, db_default=0)  # numbers its payments
    next_action_at = models.DateTimeField(null=True)
    held_reason = models.TextField(default="", db_default="", blank=True)
    reason_code = models.CharField(max_length=60, default="", db_default="", blank=True)
    reason = models.TextField(default="", db_default="", blank=True)
    failure_class = models.CharField(max_length=24, default="", db_default="", blank=True)
    first_failed_at = models.DateTimeField(null=True)
    correlation_id = models.UUIDField(null=True)
    created_at = models.DateTimeField()  # business time
    issued_at = models.DateTimeField(null=True)  # business time
    paid_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "period_no"], name="one_invoice_per_period"),
            models.UniqueConstraint(fields=["series", "number"], condition=Q(number__isnull=False),
                                    name="one_invoice_per_series_number"),
            models.CheckConstraint(condition=Q(due_minor__gte=0, collecting_minor__gte=0, collected_minor__gte=0),
                                   name="invoice_counters_not_negative"),
            models.CheckConstraint(condition=Q(due_minor__gte=F("collecting_minor") + F("collected_minor")),
                                   name="invoice_never_overcollected"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["next_action_at"], condition=Q(next_action_at__isnull=False),
                         name="invoices_to_finalize"),
            models.Index(fields=["series", "issued_at", "id"], name="invoices_to_number",
                         condition=Q(number__isnull=True, issued_at__isnull=False)),
            models.Index(fields=["customer_id", "id"], name="invoices_of_customer"),
            # A subscription's age must not show: what is unfinished of it is found without its history.
            models.Index(fields=["subscription", "period_no"], condition=Q(state="draft"),
                         name="drafts_of_subscription"),
            models.Index(fields=["id"], condition=Q(state="draft") & ~Q(held_reason=""), name="drafts_held"),
            models.Index(fields=["subscription"], condition=Q(state="open"), name="open_of_subscription"),
            models.Index(fields=["state", "id"], condition=Q(state__in=("void", "uncollectible")),
                         name="invoices_given_up"),
            models.Index(fields=["id"], condition=Q(reason_code="provider_not_configured"), name="invoices_to_ask_for"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"invoice {self.series}{self.number or ''} {self.state}"


class InvoiceLine(models.Model):
    """One line of an invoice: `quantity` x `unit_minor`. Append-only once the invoice is open."""

    id = models.UUIDField(primary_key=True)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, db_index=False, related_name="lines")
    no = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=300)
    quantity = models.PositiveIntegerField(default=1, db_default=1)
    unit_minor = models.BigIntegerField()
    amount_minor = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invoice", "no"], name="one_invoice_line_per_number")]

    def __str__(self) -> str:
        return f"{self.description}: {self.amount_minor}"


class NumberSeries(models.Model):
    """The last number given per series; numbering alone writes it, under its advisory lock."""

    series = models.CharField(primary_key=True, max_length=20)
    last = models.PositiveBigIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name_plural = "number series"

    def __str__(self) -> str:
        return f"{self.series}{self.last}"


class DailyReport(models.Model):
    """One day (UTC, machine time) of one currency, computed from the rows of that day, never counted up."""

    day = models.DateField()
    currency = models.CharField(max_length=10)
    succeeded = models.PositiveIntegerField(default=0, db_default=0)
    succeeded_minor = models.BigIntegerField(default=0, db_default=0)
    failed = models.PositiveIntegerField(default=0, db_default=0)
    failed_minor = models.BigIntegerField(default=0, db_default=0)
    canceled = models.PositiveIntegerField(default=0, db_default=0)
    canceled_minor = models.BigIntegerField(default=0, db_default=0)
    fee_minor = models.BigIntegerField(default=0, db_default=0)  # the platform's share of what succeeded
    average_seconds = models.FloatField(null=True)  # from scheduled to succeeded
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "currency"], name="one_report_per_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.currency}"
