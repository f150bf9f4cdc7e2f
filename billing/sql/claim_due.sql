-- I1, I10: the due rows of one clock, locked and skipped by every other claimer. Moving a period takes its
-- row out of this index range, so the cost stays flat. Index: subscriptions_due (clock_id, next_due_at).
-- Oldest first, so that no subscription's catch-up keeps others waiting and periods come in order. The lock
-- stands in a query of its own: joined, a planner with old statistics would sort all that is due each time.
WITH due AS (
  SELECT s.id, s.anchor_at, s.zone, s.period_no, s.next_due_at, s.ends_at, s.catch_up, s.released_until,
         s.plan_version_id, s.plan_id
    FROM billing_subscription s
   WHERE s.clock_id = %(clock_id)s AND s.next_due_at <= %(business_now)s
     AND (s.ends_at IS NULL OR s.next_due_at < s.ends_at)
     AND (%(ids)s::uuid[] IS NULL OR s.id = ANY(%(ids)s::uuid[]))
   ORDER BY s.next_due_at
   LIMIT %(most)s
     FOR UPDATE SKIP LOCKED
)
SELECT d.id, d.anchor_at, d.zone, d.period_no, d.next_due_at, d.ends_at, d.catch_up, d.released_until,
       v.interval_unit, v.interval_count, p.active AS plan_active
  FROM due d
  JOIN billing_planversion v ON v.id = d.plan_version_id
  JOIN billing_plan p ON p.id = d.plan_id
 ORDER BY d.next_due_at
