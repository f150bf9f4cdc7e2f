-- Locks in id order (design section 3: payments, invoices, subscriptions). Index: primary key.
SELECT i.id, i.subscription_id, i.state, i.currency, i.due_minor, i.collecting_minor, i.collected_minor,
       i.version, i.clock_id, i.period_no, i.reason_code, i.reason, i.failure_class, i.first_failed_at, i.paid_at,
       i.refunded_minor
  FROM billing_invoice i
 WHERE i.id = ANY(%(ids)s::uuid[])
 ORDER BY i.id
   FOR UPDATE
