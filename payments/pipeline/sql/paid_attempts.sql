-- I1: which of these payments an attempt paid. A statement of its own after the locks: its snapshot is younger, so
-- it sees what was committed while they waited. Index: one_attempt_per_number.
SELECT payment_id, min(identity) FROM payments_attempt
 WHERE payment_id = ANY(%(ids)s::uuid[]) AND state = 'succeeded'
 GROUP BY payment_id
