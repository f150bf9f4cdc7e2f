-- I1: open invoices of one subscription of which nothing is under way; collecting_minor and, below it,
-- one_open_payment_per_source keep a second payment from being made. Once they are locked, money_arrived says
-- which of them a person decides about. Same columns as take_drafts.sql.
-- The invoice is locked before its subscription, as everywhere; `only`: these invoices and no others (I9).
-- Index: open_of_subscription.
SELECT i.id, i.subscription_id, i.customer_id, i.creator_id, i.clock_id, i.period_no, i.period_start, i.period_end,
       i.currency, i.payments_made, i.correlation_id, i.due_minor - i.collected_minor AS due_minor,
       s.state, s.ended_at, s.zone, s.auto_pay, s.method_id,
       v.price_minor, p.name AS plan_name, c.wallet AS payee, c.fee_bps,
       m.provider, m.state AS method_state, m.currency AS method_currency, m.details
  FROM billing_invoice i
  JOIN billing_subscription s ON s.id = i.subscription_id
  JOIN billing_planversion v ON v.id = i.plan_version_id
  JOIN billing_plan p ON p.id = s.plan_id
  JOIN billing_creator c ON c.id = i.creator_id
  LEFT JOIN payments_paymentmethod m ON m.id = s.method_id
 WHERE i.subscription_id = %(subscription_id)s AND i.state = 'open'
   AND i.collecting_minor = 0 AND i.collected_minor < i.due_minor
   AND (%(only)s::uuid[] IS NULL OR i.id = ANY(%(only)s::uuid[]))
 ORDER BY i.period_no
   FOR UPDATE OF i
   FOR SHARE OF s
