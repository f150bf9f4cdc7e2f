-- The drafts to finalize of some subscriptions, periods in order. Index: one_invoice_per_period.
SELECT id, subscription_id, period_no FROM billing_invoice
 WHERE subscription_id = ANY(%(subscriptions)s::uuid[]) AND state = 'draft' AND next_action_at IS NOT NULL
 ORDER BY subscription_id, period_no
