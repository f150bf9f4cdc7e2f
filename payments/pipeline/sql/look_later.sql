-- No news: only the next look moves.
UPDATE payments_payment p SET next_action_at = l.at, looks = p.looks + 1
  FROM unnest(%(ids)s::uuid[], %(ats)s::timestamptz[]) AS l(id, at)
 WHERE p.id = l.id AND p.state = 'in_flight' AND p.parked_at IS NULL
