-- I8: the subscriptions of the chunk that claim held, with its reason. Index: primary key.
SELECT id, period_no, held_code, held_reason
  FROM billing_subscription WHERE id = ANY(%(subscriptions)s::uuid[]) AND held_code <> ''
 ORDER BY id
