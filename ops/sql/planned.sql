-- I8: what finalize made of these drafts, and the payment that would be sent. Indexes: primary key,
-- one_payment_per_number.
SELECT i.subscription_id, i.period_no, i.customer_id, i.period_start, i.state, i.currency, i.due_minor,
       coalesce(p.provider, ''), coalesce(p.amount_minor, 0), coalesce(p.fee_minor, 0), i.reason_code, i.reason
  FROM billing_invoice i
  LEFT JOIN payments_payment p ON p.source_kind = 'invoice' AND p.source_id = i.id AND p.state = 'scheduled'
 WHERE i.id = ANY(%(invoices)s::uuid[])
 ORDER BY i.subscription_id, i.period_no
