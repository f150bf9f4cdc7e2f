-- Compare-and-set on the old fence: of two verifiers one wins. The payment is locked first, in id order, as
-- everywhere; a resolved attempt is never sent again, and what was said of it and is not applied yet goes first.
WITH payment AS (
  SELECT p.id FROM payments_payment p
   WHERE p.id = ANY(%(payments)s::uuid[]) AND p.state = 'in_flight' AND p.parked_at IS NULL
     AND NOT EXISTS (SELECT 1 FROM payments_evidence e WHERE e.payment_id = p.id AND e.applied_at IS NULL)
     -- What was stopped is left alone where its absence can be proved in the end.
     AND (p.stop_code = '' OR NOT %(absence_certain)s)
   ORDER BY p.id FOR UPDATE OF p
), won AS (
  UPDATE payments_attempt a
     SET fence = n.new, send_no = a.send_no + 1, send_by = %(send_by)s, task_id = %(task_id)s
    FROM unnest(%(ids)s::uuid[], %(olds)s::bigint[], %(news)s::bigint[]) AS n(id, old, new), payment p
   WHERE a.id = n.id AND a.fence = n.old AND a.payment_id = p.id AND a.state IN ('sent', 'pending', 'unknown')
  RETURNING a.id, a.send_no, a.envelope, a.payment_id
), moved AS (
  UPDATE payments_payment p SET next_action_at = %(look_at)s, looks = 0 FROM won w WHERE p.id = w.payment_id
)
SELECT id, send_no, envelope FROM won
