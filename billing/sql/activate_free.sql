-- A first period that costs nothing needs no payment to make its subscription active. Index: primary key.
UPDATE billing_subscription s SET state = 'active', version = s.version + 1
  FROM (SELECT id FROM billing_subscription
         WHERE id = ANY(%(ids)s::uuid[]) AND state = 'incomplete' ORDER BY id FOR UPDATE) free
 WHERE s.id = free.id
RETURNING s.id, s.version, s.clock_id, s.customer_id, s.creator_id, s.plan_id
