-- Compare-and-set on the old fence: of two verifiers one wins. The payments are locked (lock_resend.sql); a resolved
-- attempt is never sent again. Index: primary keys.
WITH won AS (
  UPDATE payments_attempt a
     SET fence = n.new, send_no = a.send_no + 1, send_by = %(send_by)s, task_id = %(task_id)s
    FROM unnest(%(ids)s::uuid[], %(olds)s::bigint[], %(news)s::bigint[]) AS n(id, old, new)
   WHERE a.id = n.id AND a.fence = n.old AND a.payment_id = ANY(%(payments)s::uuid[])
     AND a.state IN ('sent', 'pending', 'unknown')
  RETURNING a.id, a.send_no, a.envelope, a.payment_id
), moved AS (
  UPDATE payments_payment p SET next_action_at = %(look_at)s, looks = 0 FROM won w WHERE p.id = w.payment_id
)
SELECT id, send_no, envelope FROM won
