-- Whether a lane has something that moves on by `soon`: an outcome to look up, a send that is due or a short
-- retry. What waits for funds, a payee or the provider does not count. Index: payments_to_act_on.
SELECT 1
  FROM unnest(%(operations)s::text[], %(providers)s::text[]) AS l(operation, provider)
 WHERE EXISTS (SELECT 1 FROM payments_payment p
                WHERE p.provider = l.provider AND p.operation = l.operation AND p.state = 'in_flight'
                  AND p.next_action_at <= %(soon)s)
    OR EXISTS (SELECT 1 FROM payments_payment p
                WHERE p.provider = l.provider AND p.operation = l.operation AND p.state = 'scheduled'
                  AND p.next_action_at <= %(soon)s AND p.waiting IN ('', 'retry'))
 LIMIT 1
