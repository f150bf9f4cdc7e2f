-- I5: a dispute is booked as the chart says (handed in): opened, and won or lost once; what was booked before it was
-- corrected is mirrored; what the provider asks for it is booked piece by piece (payments/dispute_books.py). A payment
-- counts what of it is disputed and not won back, and what lies in the accounts of open disputes is theirs. Indexes:
-- disputes_of_payment, one_transfer_per_fact. Reads all disputes.
WITH chart AS (
  SELECT * FROM unnest(%(kinds)s::text[], %(settlements)s::text[], %(seqs)s::int[], %(debits)s::text[],
                       %(credits)s::text[], %(amounts)s::text[])
             AS c(kind, settlement, seq, debit, credit, amount)
   WHERE kind IN ('dispute.opened', 'dispute.won', 'dispute.lost')
), known AS (
  SELECT d.*, p.accounts, d.counted_minor - d.fee_minor AS payees, pa.owner_id AS payee
    FROM payments_dispute d
    LEFT JOIN payments_payment p ON p.id = d.payment_id
    LEFT JOIN engine_ledger_account pa ON pa.id = (p.accounts->>'payable')::bigint
), bookings AS (
  SELECT k.*, n = k.corrections AS stands, CASE n WHEN 0 THEN k.id ELSE md5(k.id || ':corrected ' || n)::uuid END AS key
    FROM known k, generate_series(0, k.corrections) n
), expected AS (
  SELECT key, kind, seq, debit, credit, minor
    FROM (SELECT k.key, c.kind, c.seq, c.debit, c.credit,
                 CASE c.amount WHEN 'amount' THEN k.amount_minor WHEN 'payee''s part' THEN k.payees
                               ELSE k.amount_minor - k.payees END AS minor
            FROM bookings k JOIN chart c ON k.stands AND c.kind IN ('dispute.opened', 'dispute.' || k.state)) legs
   WHERE minor > 0
), booked AS (
  SELECT t.source_id AS key, t.kind, t.seq::int, split_part(d.kind, ':', 1) AS debit, split_part(c.kind, ':', 1) AS credit,
         t.amount_minor AS minor,
         d.owner_id IS NOT DISTINCT FROM CASE WHEN d.owner_id IS NULL THEN NULL ELSE k.payee END
           AND c.owner_id IS NOT DISTINCT FROM CASE WHEN c.owner_id IS NULL THEN NULL ELSE k.payee END AS of_payee
    FROM engine_ledger_transfer t
    JOIN engine_ledger_account d ON d.id = t.debit_id
    JOIN engine_ledger_account c ON c.id = t.credit_id
    LEFT JOIN bookings k ON k.key = t.source_id
   WHERE t.kind IN ('dispute.opened', 'dispute.won', 'dispute.lost') AND k.stands IS NOT FALSE
), undone AS (
  SELECT t.source_id AS key, t.seq + CASE t.kind WHEN 'dispute.lost' THEN 2 ELSE 0 END AS seq, t.debit_id, t.credit_id, t.amount_minor
    FROM engine_ledger_transfer t JOIN bookings b ON b.key = t.source_id AND NOT b.stands
   WHERE t.kind IN ('dispute.opened', 'dispute.won', 'dispute.lost')
), mirror AS (
  SELECT source_id AS key, seq, debit_id, credit_id, amount_minor FROM engine_ledger_transfer WHERE kind = 'dispute.corrected'
), costs AS (
  SELECT k.id, k.cost_minor,
         coalesce((SELECT sum(CASE t.kind WHEN 'dispute.cost' THEN t.amount_minor ELSE -t.amount_minor END)
            FROM generate_series(0, k.costs - 1) n
            JOIN engine_ledger_transfer t ON t.source_id = md5(k.id || ':' || n)::uuid
             AND t.kind IN ('dispute.cost', 'dispute.cost_returned')), 0) AS booked_minor
    FROM known k
), held AS (
  SELECT a.currency, sum(a.balance_minor + coalesce(o.minor, 0)) FILTER (WHERE a.kind = 'dispute_receivable') AS away,
         -sum(a.balance_minor + coalesce(o.minor, 0)) FILTER (WHERE a.kind = 'frozen') AS frozen
    FROM engine_ledger_account a
    LEFT JOIN (SELECT account_id, sum(amount_minor) AS minor FROM engine_ledger_delta GROUP BY account_id) o
      ON o.account_id = a.id
   WHERE a.kind IN ('dispute_receivable', 'frozen')
   GROUP BY a.currency
), open AS (
  SELECT currency, sum(amount_minor) AS away, sum(payees) AS frozen
    FROM known WHERE state IN ('open', 'under_review') GROUP BY currency
)
SELECT 'not as the chart says' AS what, key::text AS of, b.minor AS booked_minor, e.minor AS expected_minor
  FROM expected e FULL JOIN booked b USING (key, kind, seq)
 WHERE (b.debit, b.credit, b.minor, b.of_payee) IS DISTINCT FROM (e.debit, e.credit, e.minor, true)
UNION ALL
SELECT 'not corrected', key::text, m.amount_minor, u.amount_minor
  FROM undone u FULL JOIN mirror m USING (key, seq)
 WHERE (m.debit_id, m.credit_id, m.amount_minor) IS DISTINCT FROM (u.credit_id, u.debit_id, u.amount_minor)
UNION ALL
SELECT 'cost', id::text, booked_minor, cost_minor FROM costs WHERE booked_minor <> cost_minor
UNION ALL
SELECT 'covered', t.source_id::text, t.amount_minor, b.amount_minor
  FROM engine_ledger_transfer t LEFT JOIN bookings b ON b.key = t.source_id AND b.stands
 WHERE t.kind = 'dispute.covered'
   AND (b.state = 'lost' AND b.counted_minor = 0 AND t.amount_minor <= b.amount_minor) IS NOT TRUE
UNION ALL
SELECT 'disputed', p.id::text, p.disputed_minor, coalesce(c.minor, 0)
  FROM payments_payment p
  LEFT JOIN (SELECT payment_id, sum(counted_minor) AS minor FROM known WHERE state <> 'won' GROUP BY payment_id) c
    ON c.payment_id = p.id
 WHERE p.disputed_minor <> coalesce(c.minor, 0)
UNION ALL
SELECT 'open disputes', coalesce(h.currency, o.currency), coalesce(h.away, 0), coalesce(o.away, 0)
  FROM held h FULL JOIN open o USING (currency)
 WHERE coalesce(h.away, 0) <> coalesce(o.away, 0) OR coalesce(h.frozen, 0) <> coalesce(o.frozen, 0)
 ORDER BY 1, 2
