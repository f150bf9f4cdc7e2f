-- I8: subscriptions with a draft that waits for finalize and nothing due, in keyset chunks by id.
-- Indexes: invoices_to_finalize, primary key of subscriptions.
SELECT DISTINCT i.subscription_id
  FROM billing_invoice i JOIN billing_subscription s ON s.id = i.subscription_id
 WHERE i.next_action_at IS NOT NULL AND i.clock_id = %(clock_id)s AND i.subscription_id > %(after_id)s
   AND (s.next_due_at IS NULL OR s.next_due_at > %(business_now)s OR s.next_due_at >= s.ends_at)
 ORDER BY i.subscription_id
 LIMIT %(most)s
