-- I5's sister: the event stands in the commit of its fact. one_event_per_version refuses a second telling.
INSERT INTO engine_outbox_event
  (id, type, object_kind, object_id, seq, clock_id, occurred_at, created_at, correlation_id, payload)
SELECT e.id, e.type, e.kind, e.object_id, e.seq, e.clock_id, e.occurred_at, %(machine_at)s, e.correlation_id,
       e.payload
  FROM ROWS FROM (
         unnest(%(ids)s::uuid[], %(types)s::text[], %(kinds)s::text[], %(objects)s::uuid[], %(seqs)s::int[],
                %(clocks)s::bigint[], %(occurred)s::timestamptz[], %(correlations)s::uuid[]),
         jsonb_array_elements(%(payloads)s::jsonb))
       AS e(id, type, kind, object_id, seq, clock_id, occurred_at, correlation_id, payload)
