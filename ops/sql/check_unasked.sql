-- I2: a debt that nobody asks for and that says no reason, or says that a person decides where nobody has to any more
-- (the view payments_undecided), or that its provider was not configured, which it is again (the sweep asks for those):
-- collected by itself, from an active method, and nothing of it is being collected. Who has run out owes it all the
-- same.
-- Indexes: open_of_subscription, one_payment_per_number.
SELECT i.id AS invoice_id, i.subscription_id, i.period_no, i.due_minor, i.collected_minor, i.currency, i.created_at
  FROM billing_invoice i
  JOIN billing_subscription s ON s.id = i.subscription_id
  JOIN payments_paymentmethod m ON m.id = s.method_id
 WHERE i.state = 'open' AND i.collecting_minor = 0 AND i.collected_minor < i.due_minor
   AND (i.reason_code = ''
        OR (i.reason_code = 'provider_not_configured' AND m.provider = ANY(%(providers)s::text[]))
        OR (i.reason_code IN ('money_arrived_late', 'payment_in_question', 'payment_taken_back')
            AND NOT EXISTS (SELECT 1 FROM payments_undecided u WHERE u.source_kind = 'invoice' AND u.source_id = i.id)))
   AND s.auto_pay AND s.state IN ('incomplete', 'active', 'past_due', 'expired') AND m.state = 'active'
 ORDER BY i.id
