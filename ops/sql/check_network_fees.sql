-- I5: what the network took for an attempt is booked once: leg 0 with its decline, leg 1 with what arrived, as the
-- first reading that booked it said. The same condition as payments/pipeline/apply.py, _legs_of: a decline of any
-- class, and whatever booked money. Of "..., booked before" what is beyond the fee that another attempt's booking of
-- the same movement took: of the failure that led to it. A further movement that a gateway took under one attempt has
-- a fee of its own, by the movement's key (payments/pipeline/books.py, network_fee). Who paid it is the settlement's to
-- say: our hot wallet, or what the gateway holds for us. Indexes for these few: evidence_by_movement,
-- evidence_of_attempt.
WITH read AS (
  SELECT * FROM (
          SELECT id, attempt_id, payment_id, movement_id, applied_at,
                 CASE WHEN starts_with(verdict, 'declined') THEN 0 ELSE 1 END AS seq, network_fee_minor AS minor, network_currency AS currency
            FROM payments_evidence
           WHERE applied_at IS NOT NULL
             AND (starts_with(verdict, 'declined')
                  OR verdict IN ('succeeded', 'late', 'late, paid elsewhere', 'amount differs'))
          UNION ALL
          SELECT e.id, e.attempt_id, e.payment_id, e.movement_id, e.applied_at, 1, e.network_fee_minor - coalesce(
                   (SELECT b.network_fee_minor FROM payments_evidence b
                     WHERE b.movement_id = e.movement_id AND b.movement_id <> '' AND b.payment_id = e.payment_id
                       AND b.attempt_id <> e.attempt_id AND b.applied_at <= e.applied_at
                       AND b.verdict IN ('succeeded', 'late', 'late, paid elsewhere', 'amount differs')
                     ORDER BY b.applied_at, b.id LIMIT 1), 0), e.network_currency
            FROM payments_evidence e
           WHERE e.applied_at IS NOT NULL AND right(e.verdict, 15) = ', booked before') e
   WHERE minor > 0
), keyed AS (
  SELECT r.*, p.settlement, p.provider,
         CASE WHEN p.settlement = 'platform' AND r.seq = 1 AND r.movement_id <> '' AND first.movement_id NOT IN ('', r.movement_id)
                   THEN md5(r.payment_id || ':' || r.movement_id)::uuid ELSE r.attempt_id END AS source_id
    FROM read r JOIN payments_payment p ON p.id = r.payment_id
    LEFT JOIN LATERAL (
         SELECT b.movement_id FROM payments_evidence b
          WHERE b.attempt_id = r.attempt_id AND b.applied_at IS NOT NULL
            AND b.verdict IN ('succeeded', 'late', 'late, paid elsewhere', 'amount differs')
          ORDER BY b.applied_at, b.id LIMIT 1) first ON true
), said AS (
  SELECT DISTINCT ON (k.source_id, k.seq) k.attempt_id, k.source_id, k.seq, k.minor, k.currency,
         CASE k.settlement WHEN 'platform' THEN 'clearing:' || k.provider ELSE 'fee_payer' END AS chart_payer
    FROM keyed k
   ORDER BY k.source_id, k.seq, k.applied_at, k.id
), booked AS (
  SELECT t.source_id, t.seq, t.amount_minor AS minor, t.currency, c.kind AS payer
    FROM engine_ledger_transfer t
    JOIN engine_ledger_account c ON c.id = t.credit_id
   WHERE t.kind = 'attempt.network_fee'
)
SELECT coalesce(s.attempt_id, b.source_id) AS attempt_id, coalesce(s.currency, b.currency) AS currency,
       coalesce(s.minor, 0) AS taken_minor, coalesce(b.minor, 0) AS booked_minor, b.payer, s.chart_payer
  FROM said s FULL JOIN booked b ON b.source_id = s.source_id AND b.seq = s.seq
 WHERE s.minor IS DISTINCT FROM b.minor OR s.currency <> b.currency OR b.payer <> s.chart_payer
 ORDER BY 1
