-- I1, I10: drafts to finalize, locked and skipped by every other finalizer. The subscription is locked in share
-- mode until the commit, so that a cancel either is seen here or sees the payment made here.
-- Periods in order: a draft waits while an older one of its subscription is still to be finalized.
-- OFFSET 0 keeps that look a look per row, of the subscription's drafts alone: joined, the planner would search
-- all drafts for each (statistics know no drafts before a run), and a drain's cost grow with its square; or the
-- subscription's whole history. IS NOT TRUE: written plainly, invoices_to_finalize would serve the look.
-- Indexes: invoices_to_finalize (next_action_at), drafts_of_subscription, primary keys.
SELECT i.id, i.subscription_id, i.customer_id, i.creator_id, i.clock_id, i.period_no, i.period_start, i.period_end,
       i.currency, i.payments_made, i.correlation_id, i.due_minor,
       s.state, s.ended_at, s.zone, s.auto_pay, s.method_id,
       v.price_minor, p.name AS plan_name, c.wallet AS payee, c.fee_bps,
       m.provider, m.state AS method_state, m.currency AS method_currency, m.details
  FROM billing_invoice i
  JOIN billing_subscription s ON s.id = i.subscription_id
  JOIN billing_planversion v ON v.id = i.plan_version_id
  JOIN billing_plan p ON p.id = s.plan_id
  JOIN billing_creator c ON c.id = i.creator_id
  LEFT JOIN payments_paymentmethod m ON m.id = s.method_id
 WHERE i.next_action_at <= %(machine_now)s
   AND (%(ids)s::uuid[] IS NULL OR i.id = ANY(%(ids)s::uuid[]))
   AND NOT EXISTS (
     SELECT 1 FROM billing_invoice o
      WHERE o.subscription_id = i.subscription_id AND o.period_no < i.period_no AND o.state = 'draft'
        AND (o.next_action_at IS NULL) IS NOT TRUE OFFSET 0)
 ORDER BY i.next_action_at, i.period_start
 LIMIT %(most)s
   FOR UPDATE OF i SKIP LOCKED
   FOR SHARE OF s SKIP LOCKED
