-- I6: what we say of each attempt of a provider, and what the ledger has of its payment by currency, whatever it was
-- booked as, to be compared with the chain. One statement, one snapshot. Reads the ledger and all evidence once.
WITH arrived AS (
  SELECT source_id, currency, sum(amount_minor) AS minor FROM engine_ledger_transfer
   WHERE (kind IN ('payment.succeeded', 'payment.refused', 'payment.succeeded_late') AND seq < 2)
      OR kind = 'payment.mismatch'
   GROUP BY source_id, currency
), source AS (
  SELECT id AS key, id AS payment_id FROM payments_payment WHERE provider = %(provider)s
  UNION ALL SELECT id, payment_id FROM payments_attempt WHERE provider = %(provider)s
  -- payments/pipeline/books.py, movement
  UNION SELECT md5(e.payment_id || ':' || coalesce(nullif(e.movement_id, ''), a.identity))::uuid, e.payment_id
          FROM payments_evidence e JOIN payments_attempt a ON a.id = e.attempt_id
         WHERE e.verdict = 'amount differs' AND a.provider = %(provider)s
), booked AS (
  SELECT payment_id, jsonb_object_agg(currency, minor)::text AS by_currency
    FROM (SELECT s.payment_id, b.currency, sum(b.minor)::bigint AS minor
            FROM arrived b JOIN source s ON s.key = b.source_id GROUP BY 1, 2) each
   GROUP BY payment_id
)
SELECT a.identity, a.state IN ('sent', 'pending', 'unknown'), p.id, p.state, p.currency,
       p.parked_at IS NOT NULL, coalesce(f.minor, 0)::bigint, coalesce(b.by_currency, '{}')
  FROM payments_attempt a
  JOIN payments_payment p ON p.id = a.payment_id
  LEFT JOIN booked b ON b.payment_id = p.id
  LEFT JOIN (SELECT source_id, sum(amount_minor) AS minor FROM engine_ledger_transfer
              WHERE kind = 'attempt.network_fee' GROUP BY source_id) f ON f.source_id = a.id
 WHERE a.provider = %(provider)s
 ORDER BY a.payment_id, a.seq
