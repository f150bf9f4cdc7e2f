-- I10: any number of takers; SKIP LOCKED gives each row to one. Index: payments_to_act_on, and
-- open_payments_in_queue for the probe whether another open payment of the same source goes first: what is in
-- flight, whatever its age, and what is older. Nobody waits behind what waits for a person or for the payee:
-- that may last for ever, and the payer's other bills are not about it (I2).
SELECT p.id, p.taken_count,
       EXISTS (SELECT 1 FROM payments_payment o
                WHERE o.queue_key = p.queue_key AND o.state IN ('scheduled', 'in_flight')
                  AND o.id <> p.id AND o.parked_at IS NULL
                  AND (o.state = 'in_flight' OR (o.waiting <> 'payee' AND (o.due_at, o.id) < (p.due_at, p.id))))
         AS behind,
       p.queue_key, p.waiting = 'payee' AS for_payee
  FROM payments_payment p
 WHERE p.provider = %(provider)s AND p.operation = %(operation)s AND p.state = 'scheduled'
   AND p.next_action_at <= %(now)s AND p.parked_at IS NULL AND p.stop_code = ''
   AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = p.id AND e.applied_at IS NULL)
 ORDER BY p.next_action_at
 LIMIT %(most)s
   FOR UPDATE OF p SKIP LOCKED
