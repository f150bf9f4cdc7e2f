-- Design 4: collecting is what its open payments ask for, collected what its succeeded ones brought and what a person
-- took of late ones (late.applied) and was not taken back, at most the due amount. A payment that ended and whose
-- invoice refused to hear of it keeps its reservation until its case is closed (payments/pipeline/apply.py). Refunded
-- is what was given back of its payments. A paid invoice has all of it.
WITH asked AS (
  SELECT source_id AS invoice_id,
         sum(amount_minor) FILTER (WHERE untold OR state IN ('scheduled', 'in_flight')) AS collecting,
         sum(settled_minor) FILTER (WHERE NOT untold AND state IN ('succeeded', 'reversed')) AS collected,
         sum(refunded_minor) AS refunded
    FROM (SELECT source_id, amount_minor, settled_minor, refunded_minor, state,
                 EXISTS (SELECT 1 FROM payments_case c WHERE c.payment_id = p.id AND c.kind = 'source_refused'
                                                         AND c.closed_at IS NULL) AS untold
            FROM payments_payment p WHERE source_kind = 'invoice') p
   GROUP BY source_id
), late AS (
  SELECT p.source_id AS invoice_id, sum(t.amount_minor) AS minor
    FROM engine_ledger_transfer t
    JOIN payments_attempt a ON a.id = t.source_id
    JOIN payments_payment p ON p.id = a.payment_id
   WHERE t.kind = 'late.applied' AND t.seq = 0 AND p.source_kind = 'invoice'
     AND NOT EXISTS (SELECT 1 FROM engine_ledger_transfer r WHERE r.kind = 'late.reversed' AND r.source_id = t.source_id)
   GROUP BY p.source_id
)
SELECT coalesce(i.id, a.invoice_id) AS invoice_id, i.state, i.due_minor, i.collecting_minor,
       coalesce(a.collecting, 0) AS payments_collecting_minor, i.collected_minor,
       coalesce(a.collected, 0) + coalesce(l.minor, 0) AS payments_collected_minor, i.refunded_minor,
       coalesce(a.refunded, 0) AS payments_refunded_minor
  FROM billing_invoice i FULL JOIN asked a ON a.invoice_id = i.id
  LEFT JOIN late l ON l.invoice_id = i.id
 WHERE i.id IS NULL
    OR i.collecting_minor <> coalesce(a.collecting, 0)
    OR i.collected_minor <> least(i.due_minor, coalesce(a.collected, 0) + coalesce(l.minor, 0))
    OR i.refunded_minor <> coalesce(a.refunded, 0)
    OR (i.state = 'paid' AND i.collected_minor <> i.due_minor)
 ORDER BY 1
