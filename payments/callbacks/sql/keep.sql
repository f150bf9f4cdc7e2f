-- What was told is committed before it is answered, once an event; what arrives again is counted and begins nothing.
-- Index: one_callback_per_event.
INSERT INTO payments_callbacks_callback AS c
  (id, provider, event_id, kind, identity, provider_ref, dispute_ref, setup_ref, says, state, refusal, body,
   size_bytes, sha256, headers, correlation_id, received_at, last_received_at, next_action_at)
SELECT h.id, %(provider)s, h.event_id, h.kind, h.identity, h.provider_ref, h.dispute_ref, h.setup_ref, h.says,
       %(state)s, %(refusal)s, %(body)s, %(size_bytes)s, %(digest)s, %(headers)s::jsonb, %(correlation_id)s::uuid,
       now.at, now.at, CASE WHEN %(state)s = 'waiting' THEN now.at END
  FROM unnest(%(ids)s::uuid[], %(event_id)s::text[], %(kind)s::text[], %(identity)s::text[], %(provider_ref)s::text[],
              %(dispute_ref)s::text[], %(setup_ref)s::text[], %(says)s::text[])
       AS h(id, event_id, kind, identity, provider_ref, dispute_ref, setup_ref, says),
       (SELECT machine_now() AS at) now
ON CONFLICT (provider, event_id) DO UPDATE
   SET deliveries = c.deliveries + 1, last_received_at = excluded.received_at
RETURNING c.deliveries
