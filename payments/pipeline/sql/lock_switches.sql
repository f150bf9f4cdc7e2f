-- The provider's row is locked FOR UPDATE, so slots are given out one taker at a time; the kill switch FOR
-- SHARE, so turning it off waits for those who are signing and stops all who come later.
-- On their way: sends without evidence whose deadline lies ahead. Index: attempts_sent.
SELECT s.paused OR NOT k.sending, s.concurrency,
       (SELECT count(*) FROM payments_attempt a
         WHERE a.provider = %(provider)s AND a.state = 'sent' AND a.send_by > %(open_after)s
           AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.attempt_id = a.id AND e.send_no = a.send_no))
  FROM (SELECT paused, concurrency FROM payments_providerswitch WHERE provider = %(provider)s FOR UPDATE) s,
       (SELECT sending FROM payments_killswitch WHERE id = 1 FOR SHARE) k
