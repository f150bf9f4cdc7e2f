-- I2: open payments of providers that are not among `known`: nothing takes them, sends them or looks them up. Each is
-- counted to `most`; the providers are read from the index itself, one step for each. Index: payments_to_act_on.
WITH RECURSIVE acting AS (
  (SELECT p.provider FROM payments_payment p WHERE p.next_action_at IS NOT NULL ORDER BY p.provider LIMIT 1)
  UNION ALL
  SELECT (SELECT p.provider FROM payments_payment p
           WHERE p.next_action_at IS NOT NULL AND p.provider > a.provider ORDER BY p.provider LIMIT 1)
    FROM acting a WHERE a.provider IS NOT NULL
)
SELECT a.provider, open.count
  FROM acting a
 CROSS JOIN LATERAL (
       SELECT count(*) FROM (
              SELECT 1 FROM payments_payment p
               WHERE p.provider = a.provider AND p.next_action_at IS NOT NULL LIMIT %(most)s) found
       ) open
 WHERE a.provider IS NOT NULL AND a.provider <> ALL(%(known)s::text[])
 ORDER BY a.provider
