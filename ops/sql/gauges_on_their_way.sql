-- Attempts of one unresolved state, by provider: how many of the %(most)s oldest that are on their way, and until
-- when the oldest could leave. Index: attempts_on_their_way (provider, send_by).
SELECT provider, count(away.send_by), min(away.send_by)
  FROM unnest(%(providers)s::text[]) AS provider
  LEFT JOIN LATERAL (
       SELECT open.send_by
         FROM (SELECT a.state, a.send_by
                 FROM payments_attempt a
                WHERE a.provider = provider.provider AND a.state IN ('sent', 'pending', 'unknown')
                ORDER BY a.send_by
                LIMIT %(most)s) open
        WHERE open.state = %(state)s
       ) away ON true
 GROUP BY provider
 ORDER BY provider
