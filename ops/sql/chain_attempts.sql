-- I6: what we say of each attempt of a provider, to be compared with the chain. One statement, one snapshot.
SELECT a.identity, a.state IN ('sent', 'pending', 'unknown'), p.id, p.state, p.settled_minor, p.currency,
       p.parked_at IS NOT NULL, coalesce(f.minor, 0)::bigint
  FROM payments_attempt a
  JOIN payments_payment p ON p.id = a.payment_id
  LEFT JOIN (SELECT source_id, sum(amount_minor) AS minor FROM engine_ledger_transfer
              WHERE kind = 'attempt.network_fee' GROUP BY source_id) f ON f.source_id = a.id
 WHERE a.provider = %(provider)s
 ORDER BY a.payment_id, a.seq
