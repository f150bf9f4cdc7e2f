-- I1: which of these invoices is not asked for again until a person decided: money for it arrived late and neither pays
-- it nor was given back (payments/late.py), or a payment of it has an open case or stands parked though it succeeded. A statement of its own after take_open:
-- its snapshot is younger than the lock, so it sees what was committed while that one waited.
-- Indexes: one_payment_per_number, one_case_per_matter, one_transfer_per_fact for the few that came late.
SELECT q.source_id, bool_or(q.late)
  FROM (SELECT p.id, p.source_id, p.state, p.parked_at, p.state = 'succeeded_late' AND NOT EXISTS (
                 SELECT 1 FROM payments_attempt a JOIN engine_ledger_transfer o ON o.source_id = a.id
                  WHERE a.payment_id = p.id AND o.kind IN ('late.applied', 'late.returned')) AS late
          FROM payments_payment p
         WHERE p.source_kind = 'invoice' AND p.source_id = ANY(%(ids)s::uuid[])) q
  LEFT JOIN payments_case k ON k.payment_id = q.id AND k.closed_at IS NULL
 WHERE (k.id IS NOT NULL OR q.late OR (q.state = 'succeeded' AND q.parked_at IS NOT NULL))
 GROUP BY q.source_id
