-- What verify would take now (payments/pipeline/sql/take_open.sql). Indexes: payments_to_act_on,
-- one_unresolved_attempt_per_payment.
SELECT p.provider, p.operation, a.state, p.currency, count(*), sum(p.amount_minor), min(a.created_at)
  FROM unnest(%(operations)s::text[], %(providers)s::text[]) AS l(operation, provider)
  JOIN payments_payment p ON p.provider = l.provider AND p.operation = l.operation AND p.state = 'in_flight'
   AND p.next_action_at <= %(now)s
  JOIN payments_attempt a ON a.payment_id = p.id AND a.state IN ('sent', 'pending', 'unknown')
 WHERE NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = p.id AND e.applied_at IS NULL)
 GROUP BY p.provider, p.operation, a.state, p.currency
 ORDER BY p.provider, p.operation, a.state, p.currency
