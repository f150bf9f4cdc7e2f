-- The newest evidence that is neither success nor a step to it, among the newest `depth`. Index: primary key,
-- backwards.
SELECT observed_at, payment_id, outcome, code, message
  FROM (SELECT id, observed_at, payment_id, outcome, code, message FROM payments_evidence
         ORDER BY id DESC LIMIT %(depth)s) e
 WHERE outcome NOT IN ('succeeded', 'pending', 'step')
 ORDER BY id DESC LIMIT %(most)s
