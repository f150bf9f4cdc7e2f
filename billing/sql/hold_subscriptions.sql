-- I2: what can't be billed leaves the due index with a plain reason; nothing else of it changes.
-- The rows are locked by the caller. Index: primary key.
UPDATE billing_subscription s
   SET next_due_at = NULL, held_code = h.code, held_reason = h.reason, version = s.version + 1
  FROM unnest(%(ids)s::uuid[], %(codes)s::text[], %(reasons)s::text[]) AS h(id, code, reason)
 WHERE s.id = h.id AND s.next_due_at IS NOT NULL
RETURNING s.id, s.version, s.clock_id, s.customer_id, s.period_no, s.held_code, s.held_reason
