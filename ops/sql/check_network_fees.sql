-- I5: what the network took for an attempt is booked once: leg 0 with its decline, leg 1 with what arrived, as the
-- first reading that booked it said. The same condition as payments/pipeline/apply.py, _legs_of: a decline of any
-- class, and whatever booked money. Of "..., booked before" what is beyond the fee that another attempt's booking of
-- the same movement took: of the failure that led to it. Who paid it is the settlement's to say: our hot wallet, or what
-- the gateway holds for us. Index for these few: evidence_by_movement.
WITH said AS (
  SELECT DISTINCT ON (attempt_id, seq) attempt_id, seq, minor, currency
    FROM (SELECT id, attempt_id, applied_at, CASE WHEN starts_with(verdict, 'declined') THEN 0 ELSE 1 END AS seq,
                 network_fee_minor AS minor, network_currency AS currency
            FROM payments_evidence
           WHERE applied_at IS NOT NULL
             AND (starts_with(verdict, 'declined')
                  OR verdict IN ('succeeded', 'late', 'late, paid elsewhere', 'amount differs'))
          UNION ALL
          SELECT e.id, e.attempt_id, e.applied_at, 1, e.network_fee_minor - coalesce(
                   (SELECT b.network_fee_minor FROM payments_evidence b
                     WHERE b.movement_id = e.movement_id AND b.movement_id <> '' AND b.payment_id = e.payment_id
                       AND b.attempt_id <> e.attempt_id AND b.applied_at <= e.applied_at
                       AND b.verdict IN ('succeeded', 'late', 'late, paid elsewhere', 'amount differs')
                     ORDER BY b.applied_at, b.id LIMIT 1), 0), e.network_currency
            FROM payments_evidence e
           WHERE e.applied_at IS NOT NULL AND right(e.verdict, 15) = ', booked before') e
   WHERE minor > 0
   ORDER BY attempt_id, seq, applied_at, id
), booked AS (
  SELECT t.source_id AS attempt_id, t.seq, t.amount_minor AS minor, t.currency, c.kind AS payer,
         CASE p.settlement WHEN 'platform' THEN 'clearing:' || p.provider ELSE 'fee_payer' END AS chart_payer
    FROM engine_ledger_transfer t
    JOIN engine_ledger_account c ON c.id = t.credit_id
    LEFT JOIN payments_attempt a ON a.id = t.source_id
    LEFT JOIN payments_payment p ON p.id = a.payment_id
   WHERE t.kind = 'attempt.network_fee'
)
SELECT coalesce(s.attempt_id, b.attempt_id) AS attempt_id, coalesce(s.currency, b.currency) AS currency,
       coalesce(s.minor, 0) AS taken_minor, coalesce(b.minor, 0) AS booked_minor, b.payer, b.chart_payer
  FROM said s FULL JOIN booked b ON b.attempt_id = s.attempt_id AND b.seq = s.seq
 WHERE s.minor IS DISTINCT FROM b.minor OR s.currency <> b.currency OR b.payer <> b.chart_payer
 ORDER BY 1
