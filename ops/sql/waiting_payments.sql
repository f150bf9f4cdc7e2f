-- Design 4: what is not sent because it waits for us or the provider (`provider`), or for the payee, by reason: how
-- many of the %(most)s oldest, and since when there is the oldest of them. The reasons are found by a skip scan: a few,
-- however many wait. Index: payments_waiting (provider, waiting, failure_code, created_at).
WITH RECURSIVE reasons AS (
  (SELECT p.provider, p.waiting, p.failure_code
     FROM payments_payment p
    WHERE p.state = 'scheduled' AND p.parked_at IS NULL AND p.waiting IN ('provider', 'payee')
    ORDER BY p.provider, p.waiting, p.failure_code
    LIMIT 1)
  UNION ALL
  SELECT further.provider, further.waiting, further.failure_code
    FROM reasons r
   CROSS JOIN LATERAL (
         SELECT p.provider, p.waiting, p.failure_code
           FROM payments_payment p
          WHERE p.state = 'scheduled' AND p.parked_at IS NULL AND p.waiting IN ('provider', 'payee')
            AND (p.provider, p.waiting, p.failure_code) > (r.provider, r.waiting, r.failure_code)
          ORDER BY p.provider, p.waiting, p.failure_code
          LIMIT 1
         ) further
)
SELECT r.provider, r.waiting, r.failure_code, count(*), min(oldest.created_at)
  FROM reasons r
 CROSS JOIN LATERAL (
       SELECT p.created_at
         FROM payments_payment p
        WHERE p.state = 'scheduled' AND p.parked_at IS NULL AND p.waiting IN ('provider', 'payee')
          AND p.provider = r.provider AND p.waiting = r.waiting AND p.failure_code = r.failure_code
        ORDER BY p.created_at
        LIMIT %(most)s
       ) oldest
 GROUP BY r.provider, r.waiting, r.failure_code
 ORDER BY r.provider, r.waiting, r.failure_code
