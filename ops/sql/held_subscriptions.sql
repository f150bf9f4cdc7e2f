-- I2: subscriptions with periods that are not billed until somebody says so, by code: how many, to %(most)s of each,
-- and since when the oldest, by its event. Canceled ones too, but for what began while their plan was off: nobody
-- bills that. Indexes: subscriptions_held, one_event_per_version.
SELECT code.code, count(held.id), min(told.created_at)
  FROM unnest(%(codes)s::text[]) AS code
  LEFT JOIN LATERAL (
       SELECT s.id FROM billing_subscription s
        WHERE s.held_code = code.code AND s.held_code <> ''
           AND NOT (s.held_code = 'plan_inactive' AND s.state = 'canceled')
        LIMIT %(most)s
       ) held ON true
  LEFT JOIN LATERAL (
       SELECT e.created_at FROM engine_outbox_event e
        WHERE e.object_id = held.id AND e.object_kind = 'subscription' AND e.type = 'subscription.held'
        ORDER BY e.seq DESC
        LIMIT 1
       ) told ON true
 GROUP BY code.code
 ORDER BY code.code
