-- I2: open invoices that are not asked for because the provider of their method is not among `known`; of `most` at all.
-- Who has canceled is asked for nothing any more, whoever comes back.
-- Index: invoices_to_ask_for.
SELECT m.provider, count(*)
  FROM (SELECT i.subscription_id FROM billing_invoice i
         WHERE i.reason_code = 'provider_not_configured' AND i.state = 'open' LIMIT %(most)s) unasked
  JOIN billing_subscription s ON s.id = unasked.subscription_id AND s.state <> 'canceled'
  JOIN payments_paymentmethod m ON m.id = s.method_id
 WHERE m.provider <> ALL(%(known)s::text[])
 GROUP BY m.provider
 ORDER BY m.provider
