-- I10: any number of takers; SKIP LOCKED gives each row to one. Index: payments_to_act_on, and
-- open_payments_in_queue for the probe whether an older open payment of the same source goes first.
SELECT p.id, p.taken_count,
       EXISTS (SELECT 1 FROM payments_payment older
                WHERE older.queue_key = p.queue_key AND older.state IN ('scheduled', 'in_flight')
                  AND (older.due_at, older.id) < (p.due_at, p.id)) AS behind
  FROM payments_payment p
 WHERE p.provider = %(provider)s AND p.operation = %(operation)s AND p.state = 'scheduled'
   AND p.next_action_at <= %(now)s AND p.parked_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = p.id AND e.applied_at IS NULL)
 ORDER BY p.next_action_at
 LIMIT %(most)s
   FOR UPDATE OF p SKIP LOCKED
