-- I6: money that is booked but not explained, by age, with the payment that brought it and the case that asks a person
-- about it. What was taken out of suspense names what it took (suspense.*, late.*, a refund of late money that was not
-- given up, which may leave a rest); else oldest credits are cleared first, so what is open are the newest that make up
-- the balance. An account of which more was taken than lay there is listed below nothing, by what took last from it.
-- Indexes: transfers_by_credit, transfers_by_debit, one_transfer_per_fact, one_case_per_matter, refunds_of_late_money.
WITH held AS (
  SELECT a.id, a.owner_id, -(a.balance_minor + coalesce(sum(d.amount_minor), 0)) AS open_minor
    FROM engine_ledger_account a LEFT JOIN engine_ledger_delta d ON d.account_id = a.id
   WHERE a.kind = %(account_kind)s
   GROUP BY a.id
), credits AS (
  SELECT t.kind, t.source_id, h.owner_id, t.currency, t.amount_minor - back.minor AS amount_minor, t.posted_at, h.open_minor,
         sum(t.amount_minor - back.minor) OVER (PARTITION BY t.credit_id ORDER BY t.posted_at DESC, t.id DESC)
           - (t.amount_minor - back.minor) AS newer_minor
    FROM held h JOIN engine_ledger_transfer t ON t.credit_id = h.id
   CROSS JOIN LATERAL (
     SELECT coalesce(sum(r.amount_minor), 0) AS minor FROM payments_refund r
      WHERE r.attempt_id = t.source_id AND r.state NOT IN ('failed', 'canceled')) back
   WHERE h.open_minor > 0
     AND NOT EXISTS (SELECT 1 FROM engine_ledger_transfer o
                      WHERE o.kind IN ('suspense.applied', 'suspense.returned', 'late.applied', 'late.returned') AND o.source_id = t.source_id
                        AND o.debit_id = t.credit_id)
     AND t.kind <> 'late.refund_released' AND t.amount_minor > back.minor
), entries AS (
  SELECT kind, source_id, owner_id, currency, least(amount_minor, open_minor - newer_minor) AS open_minor, posted_at
    FROM credits WHERE newer_minor < open_minor
  UNION ALL
  SELECT t.kind, t.source_id, h.owner_id, t.currency, h.open_minor, t.posted_at
    FROM held h
   CROSS JOIN LATERAL (
     SELECT kind, source_id, currency, posted_at FROM engine_ledger_transfer
      WHERE debit_id = h.id ORDER BY id DESC LIMIT 1) t
   WHERE h.open_minor < 0
), source AS (
  -- A mismatch is booked by movement (payments/pipeline/books.py).
  SELECT md5(e.payment_id || ':' || coalesce(nullif(e.movement_id, ''), a.identity))::uuid AS key, e.payment_id
    FROM payments_evidence e JOIN payments_attempt a ON a.id = e.attempt_id
   WHERE e.verdict = 'amount differs'
)
SELECT c.kind, c.source_id, c.owner_id, c.currency, c.open_minor, c.posted_at, p.id AS payment_id,
       (SELECT k.id FROM payments_case k WHERE k.payment_id = p.id ORDER BY k.closed_at DESC NULLS FIRST, k.id DESC
         LIMIT 1) AS case_id
  FROM entries c
  LEFT JOIN payments_payment p ON p.id = coalesce((SELECT s.payment_id FROM source s WHERE s.key = c.source_id LIMIT 1),
                                                  (SELECT a.payment_id FROM payments_attempt a WHERE a.id = c.source_id),
                                                  (SELECT r.payment_id FROM payments_refund r WHERE r.id = c.source_id),
                                                  c.source_id)
 WHERE c.posted_at <= %(posted_before)s
 ORDER BY c.posted_at
