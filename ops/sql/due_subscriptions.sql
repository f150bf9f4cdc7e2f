-- I8: a keyset chunk of the subscriptions that claim would take (billing/sql/claim_due.sql), without a lock.
-- Index: subscriptions_due (clock_id, next_due_at).
SELECT next_due_at, id
  FROM billing_subscription
 WHERE clock_id = %(clock_id)s AND next_due_at <= %(business_now)s
   AND (ends_at IS NULL OR next_due_at < ends_at)
   AND (next_due_at, id) > (%(after_due)s::timestamptz, %(after_id)s::uuid)
 ORDER BY next_due_at, id
 LIMIT %(most)s
