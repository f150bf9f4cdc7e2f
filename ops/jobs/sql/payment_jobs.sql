-- These payments with what a job shows of them: the last attempt, or the one that succeeded, and what a person decided
-- about what came late. Indexes: primary keys, one_attempt_per_number, one_case_per_matter.
SELECT p.id, p.state, p.waiting, p.failure_message, p.parked_at IS NOT NULL AS parked, p.parked_reason,
       p.provisional_at IS NOT NULL AS provisional, p.currency, p.amount_minor, p.next_action_at, p.created_at,
       p.ended_at, a.state AS attempt_state, a.identity, coalesce(t.attempts, 0) AS attempts_made,
       coalesce(a.failure_message, '') AS attempt_message, coalesce(a.task_id, '') AS task_id,
       i.subscription_id, coalesce(s.service_name, '') AS service,
       coalesce(pl.name, '') AS plan_name, coalesce(p.instructions ->> 'payer', c.wallet, '') AS payer,
       coalesce(p.instructions ->> 'payee', cr.wallet, '') AS payee,
       coalesce(k.resolution, '') AS decided
  FROM payments_payment p
  LEFT JOIN billing_invoice i ON i.id = p.source_id AND p.source_kind = 'invoice'
  LEFT JOIN billing_subscription s ON s.id = i.subscription_id
  LEFT JOIN billing_plan pl ON pl.id = s.plan_id
  LEFT JOIN billing_customer c ON c.id = i.customer_id
  LEFT JOIN billing_creator cr ON cr.id = i.creator_id
  LEFT JOIN LATERAL (
         SELECT state, identity, failure_message, task_id FROM payments_attempt
          WHERE payment_id = p.id ORDER BY (state = 'succeeded') DESC, seq DESC LIMIT 1) a ON true
  LEFT JOIN LATERAL (SELECT count(*) AS attempts FROM payments_attempt WHERE payment_id = p.id) t ON true
  LEFT JOIN LATERAL (
         SELECT resolution FROM payments_case
          WHERE payment_id = p.id ORDER BY closed_at DESC NULLS FIRST LIMIT 1) k ON p.state = 'succeeded_late'
 WHERE p.id = ANY(%(ids)s::uuid[])
 ORDER BY p.id DESC
