-- I1: which of these invoices is not asked for again until a person decided: money for it arrived late, or a
-- payment of it has an open case or stands parked though it succeeded. A statement of its own after take_open:
-- its snapshot is younger than the lock, so it sees what was committed while that one waited.
-- Indexes: one_payment_per_number, one_case_per_matter.
SELECT q.source_id, bool_or(q.state = 'succeeded_late')
  FROM payments_payment q
  LEFT JOIN payments_case k ON k.payment_id = q.id AND k.closed_at IS NULL
 WHERE q.source_kind = 'invoice' AND q.source_id = ANY(%(ids)s::uuid[])
   AND (k.id IS NOT NULL OR q.state = 'succeeded_late' OR (q.state = 'succeeded' AND q.parked_at IS NOT NULL))
 GROUP BY q.source_id
