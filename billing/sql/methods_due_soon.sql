-- What each payment method will be asked for in the span ahead, with all that is due from the same source: an
-- approval on chain is one sum, whichever method of the account it was given for (payments/charge.py, queue_of).
-- `due_at`: the first of these dates. `waiting`: how many there are in all, beyond the limit too.
-- Index: subscriptions_due.
WITH due AS (
  SELECT m.id, m.provider, m.checked_at, coalesce(m.details ->> 'source', m.id::text) AS source,
         sum(v.price_minor) AS needed, min(s.next_due_at) AS due_at
    FROM billing_subscription s
    JOIN billing_planversion v ON v.id = s.plan_version_id
    JOIN payments_paymentmethod m ON m.id = s.method_id AND m.state = 'active' AND m.provider = ANY(%(providers)s::text[])
   WHERE s.clock_id = %(clock_id)s AND s.next_due_at > %(business_now)s AND s.next_due_at <= %(business_until)s
     AND s.auto_pay
   GROUP BY m.id
), together AS (
  SELECT id, checked_at, sum(needed) OVER source AS needed, min(due_at) OVER source AS due_at
    FROM due WINDOW source AS (PARTITION BY provider, source)
)
SELECT id, needed, due_at, count(*) OVER () AS waiting
  FROM together
 WHERE checked_at IS NULL OR checked_at < %(looked_before)s
 ORDER BY checked_at NULLS FIRST
 LIMIT %(most)s
