-- Locks in id order, after the invoices. Whether they have debts is asked by count_debts, after the lock.
-- Index: primary key.
SELECT s.id, s.state, s.version, s.customer_id, s.creator_id, s.clock_id, s.next_due_at, s.payments_made,
       s.payments_failed, s.last_payment_at, s.reason_code, s.reason, p.number AS plan_number
  FROM billing_subscription s JOIN billing_plan p ON p.id = s.plan_id
 WHERE s.id = ANY(%(ids)s::uuid[])
 ORDER BY s.id
   FOR UPDATE OF s
