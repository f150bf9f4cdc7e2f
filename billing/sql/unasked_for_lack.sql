-- I2: open invoices that nobody asked for because the provider of their method was not configured, and that can be
-- asked for now: it is one of `providers`, or the method is another one. By subscription, from `after` on.
-- Index: invoices_to_ask_for.
SELECT i.subscription_id, array_agg(i.id ORDER BY i.period_no)
  FROM billing_invoice i
  JOIN billing_subscription s ON s.id = i.subscription_id
  LEFT JOIN payments_paymentmethod m ON m.id = s.method_id
 WHERE i.reason_code = 'provider_not_configured' AND i.state = 'open' AND i.collecting_minor = 0
   AND s.state IN ('incomplete', 'active', 'past_due', 'expired')
   AND (m.id IS NULL OR m.provider = ANY(%(providers)s::text[]))
   AND i.subscription_id > %(after)s
 GROUP BY i.subscription_id
 ORDER BY i.subscription_id
 LIMIT %(most)s
