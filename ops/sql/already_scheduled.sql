-- I8: payments that were made before and are due to be sent: what was told to stop is not (take_due.sql).
-- Index: payments_to_act_on.
SELECT p.provider, p.operation, p.currency, count(*), sum(p.amount_minor)
  FROM unnest(%(operations)s::text[], %(providers)s::text[]) AS l(operation, provider)
  JOIN payments_payment p ON p.provider = l.provider AND p.operation = l.operation AND p.state = 'scheduled'
   AND p.next_action_at <= %(now)s AND p.stop_code = ''
 GROUP BY p.provider, p.operation, p.currency
 ORDER BY p.provider, p.operation, p.currency
