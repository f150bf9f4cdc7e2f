-- What became of the payments that were answered since `first`: evidence ids grow with time. Index: primary key
-- of evidence, primary key of payments.
SELECT CASE WHEN p.parked_at IS NOT NULL THEN 'parked'
            WHEN p.state IN ('succeeded', 'succeeded_late') THEN 'settled'
            WHEN p.state = 'in_flight' AND EXISTS (
              SELECT 1 FROM payments_attempt a WHERE a.payment_id = p.id AND a.state = 'unknown') THEN 'unknown'
            ELSE p.state END AS outcome,
       p.currency, count(*), sum(p.amount_minor)
  FROM payments_payment p
 WHERE p.id IN (SELECT e.payment_id FROM payments_evidence e WHERE e.id >= %(first)s)
 GROUP BY 1, 2
 ORDER BY 1, 2
