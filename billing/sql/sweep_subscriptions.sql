-- I2: subscriptions that are billed but never due again: lost, or near their end. Index: subscriptions_to_audit.
SELECT id FROM billing_subscription
 WHERE next_due_at IS NULL AND held_code = '' AND state IN ('incomplete', 'active', 'past_due')
   AND id > %(after)s::uuid
 ORDER BY id
 LIMIT %(most)s
