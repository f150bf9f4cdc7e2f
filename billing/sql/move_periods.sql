-- I2: only subscriptions whose draft was inserted in this transaction move on, by exactly one period.
-- The rows are locked by claim_due. Index: primary key.
UPDATE billing_subscription s
   SET period_no = s.period_no + 1, next_due_at = m.next_due_at, catch_up = m.catch_up
  FROM unnest(%(ids)s::uuid[], %(next_due_ats)s::timestamptz[], %(catch_ups)s::int[])
       AS m(id, next_due_at, catch_up)
 WHERE s.id = m.id
