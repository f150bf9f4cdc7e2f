-- I5: what the network took for an attempt is booked once: leg 0 with its decline, leg 1 with what arrived, as the
-- first reading that booked it said. The same condition as payments/pipeline/apply.py, _legs_of: a decline of any
-- class, and whatever booked money; "..., booked before" booked nothing.
WITH said AS (
  SELECT DISTINCT ON (attempt_id, seq) attempt_id, seq, network_fee_minor AS minor, network_currency AS currency
    FROM (SELECT *, CASE WHEN starts_with(verdict, 'declined') THEN 0 ELSE 1 END AS seq FROM payments_evidence
           WHERE applied_at IS NOT NULL AND network_fee_minor > 0
             AND (starts_with(verdict, 'declined')
                  OR verdict IN ('succeeded', 'late', 'late, paid elsewhere', 'amount differs'))) e
   ORDER BY attempt_id, seq, applied_at, id
), booked AS (
  SELECT source_id AS attempt_id, seq, amount_minor AS minor, currency
    FROM engine_ledger_transfer WHERE kind = 'attempt.network_fee'
)
SELECT coalesce(s.attempt_id, b.attempt_id) AS attempt_id, coalesce(s.currency, b.currency) AS currency,
       coalesce(s.minor, 0) AS taken_minor, coalesce(b.minor, 0) AS booked_minor
  FROM said s FULL JOIN booked b ON b.attempt_id = s.attempt_id AND b.seq = s.seq
 WHERE s.minor IS DISTINCT FROM b.minor OR s.currency <> b.currency
 ORDER BY 1
