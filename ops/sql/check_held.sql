-- I2: what billing could not work and set aside with a reason, until somebody releases it, canceled meanwhile or not:
-- but for what began while the plan of a canceled one was off, which is skipped by intent.
-- Indexes: subscriptions_held, drafts_held.
SELECT s.id AS subscription_id, NULL::uuid AS invoice_id, s.period_no, s.held_code, s.held_reason
  FROM billing_subscription s WHERE s.held_code <> '' AND NOT (s.held_code = 'plan_inactive' AND s.state = 'canceled')
UNION ALL
SELECT i.subscription_id, i.id, i.period_no, '', i.held_reason
  FROM billing_invoice i WHERE i.state = 'draft' AND i.held_reason <> ''
 ORDER BY subscription_id, period_no
