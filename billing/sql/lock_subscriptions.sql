-- Locks in id order, after the invoices. `debts`: open invoices whose payment failed, as this transaction
-- sees them now. Indexes: primary key, one_invoice_per_period.
SELECT s.id, s.state, s.version, s.customer_id, s.creator_id, s.clock_id, s.next_due_at, s.payments_made,
       s.payments_failed, s.last_payment_at, s.reason_code, s.reason, p.number AS plan_number,
       (SELECT count(*) FROM billing_invoice i
         WHERE i.subscription_id = s.id AND i.state = 'open' AND i.first_failed_at IS NOT NULL) AS debts
  FROM billing_subscription s JOIN billing_plan p ON p.id = s.plan_id
 WHERE s.id = ANY(%(ids)s::uuid[])
 ORDER BY s.id
   FOR UPDATE OF s
