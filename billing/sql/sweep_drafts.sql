-- I2: drafts that nothing would ever look at are due now; whoever works one now mends it anyway.
-- Index: drafts_of_subscription.
UPDATE billing_invoice i SET next_action_at = %(now)s
  FROM (SELECT id FROM billing_invoice
         WHERE state = 'draft' AND next_action_at IS NULL AND held_reason = ''
         ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED) lost
 WHERE i.id = lost.id
RETURNING i.id, i.subscription_id
