-- Open payments by what a job shows of them, of the first `most`: a backlog of a million is not counted out.
-- Index: open_payments_in_queue, in its order.
SELECT CASE WHEN o.parked_at IS NOT NULL OR (o.state = 'scheduled' AND o.waiting <> '') THEN 'delayed'
            WHEN o.state = 'scheduled' THEN 'waiting' ELSE 'active' END AS status, count(*)
  FROM (SELECT state, waiting, parked_at, source_kind FROM payments_payment
         WHERE state IN ('scheduled', 'in_flight')
         ORDER BY queue_key, due_at, id LIMIT %(most)s) o
 WHERE o.source_kind = 'invoice'
 GROUP BY 1
