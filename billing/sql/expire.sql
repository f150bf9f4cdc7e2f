-- I2: only what has no period left to bill ends: a due one is claimed first, a held one waits for a person.
-- Index: subscriptions_to_expire (clock_id, ends_at).
WITH ended AS (
  SELECT id FROM billing_subscription
   WHERE clock_id = %(clock_id)s AND ends_at <= %(business_now)s AND state NOT IN ('canceled', 'expired')
     AND held_code = '' AND (next_due_at IS NULL OR next_due_at >= ends_at)
   ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
)
UPDATE billing_subscription s
   SET state = 'expired', version = s.version + 1, next_due_at = NULL, ended_at = s.ends_at
  FROM ended WHERE s.id = ended.id
RETURNING s.id, s.version, s.customer_id, s.creator_id, s.plan_id, s.ends_at
