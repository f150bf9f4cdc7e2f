-- I1, I5: what is given back was paid, once and no more (payment_never_over_refunded bounds the counters). Of each
-- refund what was asked for was taken as the chart says, and what was given up went back to whom it came from; by hand,
-- what a person says to have done left. What came late goes back out of unapplied. A payment counts its refunds, but
-- for these, and refunds payable is what is under way. What its provider did is held by the rules of settlements.
-- Indexes: one_refund_per_number, one_transfer_per_fact. Reads all refunds.
WITH chart AS (
  SELECT * FROM unnest(%(kinds)s::text[], %(settlements)s::text[], %(seqs)s::int[], %(debits)s::text[],
                       %(credits)s::text[], %(amounts)s::text[])
             AS c(kind, settlement, seq, debit, credit, amount)
   WHERE kind IN ('refund.requested', 'refund.released', 'refund.by_hand', 'late.refund_requested',
                  'late.refund_released', 'late.refund_late', 'late.refund_undone')
), payable AS (
  SELECT id, currency FROM engine_ledger_account WHERE kind = 'refunds_payable'
), asked AS (
  SELECT r.id, r.payment_id, r.state, r.currency, r.amount_minor, r.fee_minor, r.counted_minor, r.recorded_by, p.settlement,
         r.attempt_id IS NOT NULL AS late, CASE WHEN r.attempt_id IS NULL THEN 'refund.' ELSE 'late.refund_' END AS named,
         p.accounts || jsonb_build_object('refunds_payable', a.id) AS accounts,
         EXISTS (SELECT 1 FROM engine_ledger_transfer t WHERE t.source_id = r.id AND t.kind = 'late.refund_undone') AS undone,
         EXISTS (SELECT 1 FROM engine_ledger_transfer t WHERE t.source_id = r.id AND t.kind IN ('refund.released', 'late.refund_released')) AS released
    FROM payments_refund r
    JOIN payments_payment p ON p.id = r.payment_id
    LEFT JOIN payable a ON a.currency = r.currency
), expected AS (
  SELECT id, kind, seq, debit_id, credit_id, minor
    FROM (SELECT r.id, c.kind, c.seq, (r.accounts->>c.debit)::bigint AS debit_id, (r.accounts->>c.credit)::bigint AS credit_id,
                 CASE c.amount WHEN 'amount' THEN r.amount_minor WHEN 'fee' THEN r.fee_minor
                               ELSE r.amount_minor - r.fee_minor END AS minor
            FROM asked r JOIN chart c ON c.settlement = r.settlement
           WHERE c.kind = r.named || 'requested'
              -- Late, it was given up before and done after all.
              OR c.kind = 'late.refund_late' AND r.late AND r.released AND (r.state = 'succeeded' OR r.undone)
              OR c.kind = 'late.refund_undone' AND r.undone AND r.state = 'failed'
              OR c.kind = r.named || 'released' AND (r.state IN ('failed', 'canceled') OR (r.state = 'succeeded' AND r.released))
              OR c.kind = 'refund.by_hand' AND r.state = 'succeeded' AND r.recorded_by <> '') legs
   WHERE minor > 0
), booked AS (
  SELECT source_id AS id, kind, seq::int, debit_id, credit_id, amount_minor AS minor
    FROM engine_ledger_transfer WHERE kind IN (SELECT kind FROM chart)
), counted AS (
  SELECT payment_id, sum(amount_minor) FILTER (WHERE state IN ('requested', 'by_hand')) AS refunding,
         sum(counted_minor) FILTER (WHERE state = 'succeeded') AS refunded
    FROM asked WHERE NOT late GROUP BY payment_id
), held AS (
  SELECT a.currency, -(a.balance_minor + coalesce(sum(d.amount_minor), 0)) AS minor
    FROM engine_ledger_account a LEFT JOIN engine_ledger_delta d ON d.account_id = a.id
   WHERE a.kind = 'refunds_payable'
   GROUP BY a.id
), given AS (
  -- Of a set-up's money, by a person's word: by hand, or in another amount than was asked.
  SELECT k.payment_id, sum(t.amount_minor) AS minor
    FROM (SELECT id AS payment_id, id AS key FROM payments_payment WHERE source_kind = 'payment_method'
          UNION ALL
          SELECT e.payment_id, md5(e.payment_id || ':' || coalesce(nullif(e.movement_id, ''), a.identity))::uuid
            FROM payments_evidence e JOIN payments_attempt a ON a.id = e.attempt_id
           WHERE e.verdict = 'amount differs') k
    JOIN engine_ledger_transfer t ON t.source_id = k.key AND t.seq = 0 AND t.kind IN ('setup.by_hand', 'setup.counted')
   GROUP BY k.payment_id
), under_way AS (
  SELECT currency, sum(amount_minor) AS minor
    FROM (SELECT currency, amount_minor FROM asked WHERE state IN ('requested', 'by_hand')
          UNION ALL
          -- What a payer paid to set a method up, until it is given back, and again where that is taken back.
          SELECT p.currency, p.amount_minor - coalesce(g.minor, 0) FROM payments_payment p
            LEFT JOIN given g ON g.payment_id = p.id
           WHERE p.source_kind = 'payment_method' AND p.state <> 'succeeded'
             AND (p.state <> 'succeeded_late'
                  OR EXISTS (SELECT 1 FROM payments_attempt a JOIN engine_ledger_transfer t ON t.source_id = a.id
                              WHERE a.payment_id = p.id AND t.kind = 'payment.reversed'))) each
   GROUP BY currency
)
SELECT 'not as the chart says' AS what, id::text AS of, b.minor AS booked_minor, e.minor AS expected_minor
  FROM expected e FULL JOIN booked b USING (id, kind, seq)
 WHERE (b.debit_id, b.credit_id, b.minor) IS DISTINCT FROM (e.debit_id, e.credit_id, e.minor)
UNION ALL
SELECT 'refunding', p.id::text, p.refunding_minor, coalesce(c.refunding, 0)
  FROM payments_payment p LEFT JOIN counted c ON c.payment_id = p.id
 WHERE p.refunding_minor <> coalesce(c.refunding, 0)
UNION ALL
SELECT 'refunded', p.id::text, p.refunded_minor, coalesce(c.refunded, 0)
  FROM payments_payment p LEFT JOIN counted c ON c.payment_id = p.id
 WHERE p.refunded_minor <> coalesce(c.refunded, 0)
UNION ALL
SELECT 'refunds payable', coalesce(h.currency, u.currency), coalesce(h.minor, 0), coalesce(u.minor, 0)
  FROM held h FULL JOIN under_way u USING (currency)
 WHERE coalesce(h.minor, 0) <> coalesce(u.minor, 0)
UNION ALL
-- The fee's share goes with what is given back: never more than it was, and all of it with the last unit.
SELECT 'fee', p.id::text, s.fee, div(p.fee_minor::numeric * p.settled_minor, p.amount_minor)::bigint
  FROM (SELECT payment_id, sum(fee_minor) AS fee, sum(amount_minor) AS minor FROM asked
         WHERE state IN ('requested', 'by_hand', 'succeeded') AND NOT late GROUP BY payment_id) s
  JOIN payments_payment p ON p.id = s.payment_id
 WHERE p.state <> 'reversed'
   AND (s.fee > div(p.fee_minor::numeric * p.settled_minor, p.amount_minor)
        OR (s.minor = p.settled_minor AND s.fee <> div(p.fee_minor::numeric * p.settled_minor, p.amount_minor)))
 ORDER BY 1, 2
