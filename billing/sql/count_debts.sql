-- Open invoices whose payment failed, this transaction's included. A statement of its own after
-- lock_subscriptions: its snapshot is younger than the lock, so it sees what another apply of the same
-- subscription committed while this one waited. Index: open_of_subscription.
SELECT i.subscription_id, count(*)
  FROM billing_invoice i
 WHERE i.subscription_id = ANY(%(ids)s::uuid[]) AND i.state = 'open' AND i.first_failed_at IS NOT NULL
 GROUP BY i.subscription_id
