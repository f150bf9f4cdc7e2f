-- I1, I2: a draft for each period that began before the end of one subscription. Its row is locked by the caller, so
-- no claim is at it; one_invoice_per_period decides all the same. Index: primary key.
INSERT INTO billing_invoice
  (id, subscription_id, customer_id, creator_id, plan_version_id, clock_id, period_no, period_start, period_end,
   currency, next_action_at, correlation_id, created_at)
SELECT d.invoice_id, s.id, s.customer_id, s.creator_id, s.plan_version_id, s.clock_id, d.period_no, d.period_start,
       d.period_end, v.currency, %(machine_at)s, %(correlation_id)s, %(business_at)s
  FROM unnest(%(invoice_ids)s::uuid[], %(period_nos)s::int[], %(period_starts)s::timestamptz[],
              %(period_ends)s::timestamptz[]) AS d(invoice_id, period_no, period_start, period_end)
  JOIN billing_subscription s ON s.id = %(subscription_id)s
  JOIN billing_planversion v ON v.id = s.plan_version_id
