-- Sends without evidence of their end whose deadline lies ahead, also those of an identity that is sent again: they may
-- still be leaving. Index: attempts_on_their_way.
SELECT count(*) AS on_their_way FROM payments_attempt a
 WHERE a.provider = %(provider)s AND a.state IN ('sent', 'pending', 'unknown') AND a.send_by > %(open_after)s
   AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.attempt_id = a.id AND e.send_no = a.send_no
                    AND e.outcome <> 'step')
