-- I2: a debt that nobody asks for and that says no reason: billed by itself, from an active method, and nothing of it is
-- being collected. Index: open_of_subscription.
SELECT i.id AS invoice_id, i.subscription_id, i.period_no, i.due_minor, i.collected_minor, i.currency, i.created_at
  FROM billing_invoice i
  JOIN billing_subscription s ON s.id = i.subscription_id
  JOIN payments_paymentmethod m ON m.id = s.method_id
 WHERE i.state = 'open' AND i.collecting_minor = 0 AND i.collected_minor < i.due_minor AND i.reason_code = ''
   AND s.auto_pay AND s.state IN ('incomplete', 'active', 'past_due') AND m.state = 'active'
 ORDER BY i.id
