-- The provider's row is locked FOR UPDATE, so slots are given out one taker at a time; the kill switch FOR
-- SHARE, so turning it off waits for those who are signing and stops all who come later. What is on its way is
-- counted by the next statement: this one's snapshot is older than its lock.
SELECT s.paused OR NOT k.sending AS stopped, s.concurrency
  FROM (SELECT paused, concurrency FROM payments_providerswitch WHERE provider = %(provider)s FOR UPDATE) s,
       (SELECT sending FROM payments_killswitch WHERE id = 1 FOR SHARE) k
