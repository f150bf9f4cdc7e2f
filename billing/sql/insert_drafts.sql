-- I1: one_invoice_per_period decides, not this statement: a period that has its invoice is not returned and
-- its subscription does not move. All but the computed date is read from the rows that claim_due locked.
INSERT INTO billing_invoice
  (id, subscription_id, customer_id, creator_id, plan_version_id, clock_id, period_no, period_start, period_end,
   currency, next_action_at, correlation_id, created_at)
SELECT d.invoice_id, s.id, s.customer_id, s.creator_id, s.plan_version_id, s.clock_id, s.period_no,
       s.next_due_at, d.period_end, v.currency, %(machine_at)s, %(correlation_id)s, %(business_at)s
  FROM unnest(%(invoice_ids)s::uuid[], %(ids)s::uuid[], %(period_ends)s::timestamptz[])
       AS d(invoice_id, id, period_end)
  JOIN billing_subscription s ON s.id = d.id
  JOIN billing_planversion v ON v.id = s.plan_version_id
ON CONFLICT (subscription_id, period_no) DO NOTHING
RETURNING subscription_id
