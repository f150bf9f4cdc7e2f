-- I2: open invoices that are not asked for because the provider of their method is not among `known`; of `most` at all.
-- Who has canceled is asked for nothing any more, whoever comes back: they and the invoices of a known provider are
-- left out before they are counted, or many of them would hide the others. IS NOT TRUE: written plainly, the index of
-- all open invoices would serve the look.
-- Indexes: invoices_to_ask_for, primary keys.
SELECT provider, count(*)
  FROM (SELECT m.provider
          FROM billing_invoice i
          JOIN billing_subscription s ON s.id = i.subscription_id
          JOIN payments_paymentmethod m ON m.id = s.method_id
         WHERE i.reason_code = 'provider_not_configured' AND (i.state <> 'open') IS NOT TRUE
           AND s.state <> 'canceled' AND m.provider <> ALL(%(known)s::text[])
         LIMIT %(most)s) unasked
 GROUP BY provider
 ORDER BY provider
