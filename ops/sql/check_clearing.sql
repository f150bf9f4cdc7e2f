-- I6, design 7: what lies at a provider is what the outside world said of it and we applied: the fee of a direct pull,
-- never more than arrived, all of a platform one, each movement once (payments/pipeline/books.py). What the network
-- took, from our hot wallet or from what lies here, is what was booked of it by attempt (check_network_fees.sql). What
-- is in transit has no such word yet; check_books --chain asks the chain itself. What a person gave back
-- (suspense.returned, late.returned, under the key of what put it into suspense), and what the provider took back
-- (payment.reversed, likewise), lies there no more, as little as what was given back: by the provider, or by a person
-- who says so; nor does what is disputed and was not won back, and what that cost. What a payer paid to set a method up
-- lies there less its fee, until it is given back (payments/setup_charge.py). Reads all evidence and all accounts.
WITH final AS (
  SELECT DISTINCT ON (e.payment_id, coalesce(nullif(e.movement_id, ''), e.id::text)) e.*
    FROM payments_evidence e
   WHERE e.applied_at IS NOT NULL AND e.outcome = 'succeeded'
     AND e.verdict IN ('succeeded', 'late', 'late, paid elsewhere', 'amount differs')
   ORDER BY e.payment_id, coalesce(nullif(e.movement_id, ''), e.id::text), e.applied_at, e.id
), took AS (
  SELECT CASE p.settlement WHEN 'platform' THEN 'clearing:' || p.provider WHEN 'direct' THEN 'fee_payer'
                           ELSE c.kind END AS payer, t.currency, -- of a further movement, whose key is no attempt's
         sum(t.amount_minor) AS minor
    FROM engine_ledger_transfer t
    JOIN engine_ledger_account c ON c.id = t.credit_id
    LEFT JOIN payments_attempt a ON a.id = t.source_id
    LEFT JOIN payments_payment p ON p.id = a.payment_id
   WHERE t.kind = 'attempt.network_fee' GROUP BY 1, 2
), paid_to_set_up AS (
  SELECT p.id, p.provider, p.currency, p.amount_minor, (p.instructions->'charge'->>'fee_minor')::bigint AS fee_minor
    FROM payments_payment p WHERE p.source_kind = 'payment_method'
), parts AS (
  SELECT 'clearing:' || p.provider AS kind, coalesce(nullif(f.currency, ''), p.currency) AS currency,
         sum(CASE p.operation WHEN 'refund' THEN -1 ELSE 1 END
             * CASE p.settlement WHEN 'platform' THEN coalesce(f.gross_minor, 0)
                                 ELSE least(coalesce(f.fee_minor, p.fee_minor), coalesce(f.gross_minor, 0)) END) AS minor
    FROM final f JOIN payments_payment p ON p.id = f.payment_id JOIN payments_attempt a ON a.id = f.attempt_id
   WHERE NOT EXISTS (
           SELECT 1 FROM engine_ledger_transfer r
            WHERE r.kind IN ('suspense.returned', 'late.returned', 'payment.reversed')
              -- A set-up's, counted as given back.
              AND NOT EXISTS (SELECT 1 FROM engine_ledger_transfer n
                               WHERE n.kind = 'setup.counted' AND n.source_id = r.source_id)
              AND r.source_id = CASE f.verdict WHEN 'succeeded' THEN p.id WHEN 'amount differs'
                   THEN md5(p.id || ':' || coalesce(nullif(f.movement_id, ''), a.identity))::uuid ELSE a.id END)
   GROUP BY 1, 2
  UNION ALL
  SELECT 'clearing:' || p.provider, r.currency,
         -sum(CASE p.settlement WHEN 'platform' THEN r.amount_minor ELSE r.fee_minor END)
    FROM payments_refund r JOIN payments_payment p ON p.id = r.payment_id
   WHERE r.state = 'succeeded' AND r.recorded_by <> ''
   GROUP BY 1, 2
  UNION ALL
  SELECT 'clearing:' || d.provider, d.currency,
         -sum(d.cost_minor + CASE d.state WHEN 'won' THEN 0 ELSE d.amount_minor END)
    FROM payments_dispute d GROUP BY 1, 2
  UNION ALL -- What a dispute took and a person returned too: it left once.
  SELECT c.kind, t.currency, sum(t.amount_minor)
    FROM engine_ledger_transfer t JOIN engine_ledger_account c ON c.id = t.debit_id
   WHERE t.kind = 'dispute.covered' GROUP BY 1, 2
  UNION ALL -- What a person had returned, and its provider took back besides.
  SELECT c.kind, t.currency, -sum(t.amount_minor)
    FROM engine_ledger_transfer t JOIN engine_ledger_account c ON c.id = t.credit_id
   WHERE t.kind = 'payment.left_twice' AND starts_with(c.kind, 'clearing:') GROUP BY 1, 2
  UNION ALL SELECT 'clearing:' || provider, currency, sum(amount_minor - fee_minor) FROM paid_to_set_up GROUP BY 1, 2
  UNION ALL SELECT 'network_fee', currency, sum(fee_minor) FROM paid_to_set_up GROUP BY 2
  UNION ALL
  SELECT 'clearing:' || s.provider, s.currency, -sum(t.amount_minor)
    FROM paid_to_set_up s JOIN engine_ledger_transfer t ON t.source_id = s.id AND t.kind = 'setup.by_hand'
   GROUP BY 1, 2
  UNION ALL SELECT 'network_fee', currency, minor FROM took
  UNION ALL SELECT payer, currency, -minor FROM took
), said AS (
  SELECT kind, currency, sum(minor) AS minor FROM parts GROUP BY kind, currency
), open AS (
  SELECT account_id, sum(amount_minor) AS minor FROM engine_ledger_delta GROUP BY account_id
), held AS (
  SELECT a.kind, a.currency, sum(a.balance_minor + coalesce(o.minor, 0)) AS minor
    FROM engine_ledger_account a LEFT JOIN open o ON o.account_id = a.id
   WHERE a.kind IN ('fee_payer', 'network_fee') OR starts_with(a.kind, 'clearing:')
   GROUP BY a.kind, a.currency
)
SELECT kind, currency, coalesce(h.minor, 0) AS booked_minor, coalesce(s.minor, 0) AS said_minor
  FROM held h FULL JOIN said s USING (kind, currency)
 WHERE coalesce(h.minor, 0) <> coalesce(s.minor, 0)
 ORDER BY kind, currency
