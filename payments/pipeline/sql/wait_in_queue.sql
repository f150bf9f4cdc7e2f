-- Behind another open payment of the same source: out of the way until that one ends (apply wakes it) or, should
-- that be missed, until `again`. Who waits for the payee goes on saying so: nobody is to wait behind it. A
-- regular end: the count of `taken` goes back.
UPDATE payments_payment
   SET waiting = CASE WHEN waiting = 'payee' THEN waiting ELSE 'queue' END, next_action_at = %(again)s,
       taken_count = greatest(taken_count - %(taken)s, 0)
 WHERE id = ANY(%(ids)s::uuid[]) AND state = 'scheduled' AND parked_at IS NULL
