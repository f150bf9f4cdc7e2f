-- Sends without evidence whose deadline lies ahead: they may still be leaving. Index: attempts_sent.
SELECT count(*) AS on_their_way FROM payments_attempt a
 WHERE a.provider = %(provider)s AND a.state = 'sent' AND a.send_by > %(open_after)s
   AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.attempt_id = a.id AND e.send_no = a.send_no)
