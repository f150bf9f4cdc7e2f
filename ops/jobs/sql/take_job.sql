-- One worker has a job at a time: SKIP LOCKED, and out of the index until the lease is over. Index: jobs_to_work.
WITH due AS MATERIALIZED (
  SELECT id FROM ops_job WHERE next_action_at <= %(now)s
   ORDER BY next_action_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
UPDATE ops_job j
   SET state = 'active', taken_count = j.taken_count + 1, task_id = %(task_id)s,
       started_at = coalesce(j.started_at, %(now)s), next_action_at = %(lease_until)s
  FROM due WHERE j.id = due.id
RETURNING j.id, j.kind, j.taken_count, j.correlation_id
