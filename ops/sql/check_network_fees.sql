-- I5: what the network took for an attempt is booked once per final verdict: leg 0 a decline, leg 1 a success.
WITH said AS (
  SELECT attempt_id, CASE WHEN verdict = 'declined' THEN 0 ELSE 1 END AS seq, network_fee_minor AS minor,
         network_currency AS currency
    FROM payments_evidence
   WHERE applied_at IS NOT NULL AND network_fee_minor > 0
     AND verdict IN ('declined', 'succeeded', 'late', 'late, paid elsewhere')
), booked AS (
  SELECT source_id AS attempt_id, seq, amount_minor AS minor, currency
    FROM engine_ledger_transfer WHERE kind = 'attempt.network_fee'
)
SELECT coalesce(s.attempt_id, b.attempt_id) AS attempt_id, coalesce(s.currency, b.currency) AS currency,
       coalesce(s.minor, 0) AS taken_minor, coalesce(b.minor, 0) AS booked_minor
  FROM said s FULL JOIN booked b ON b.attempt_id = s.attempt_id AND b.seq = s.seq
 WHERE s.minor IS DISTINCT FROM b.minor OR s.currency <> b.currency
 ORDER BY 1
