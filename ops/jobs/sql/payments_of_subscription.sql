-- The newest payments of a subscription's invoices. Indexes: one_invoice_per_period, one_payment_per_number.
SELECT p.id
  FROM (SELECT id FROM billing_invoice WHERE subscription_id = %(subscription_id)s
         ORDER BY period_no DESC LIMIT 1000) i
  JOIN payments_payment p ON p.source_kind = 'invoice' AND p.source_id = i.id
 WHERE p.id < %(before)s
 ORDER BY p.id DESC LIMIT %(most)s
