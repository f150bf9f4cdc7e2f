-- The newest evidence that is no success, among the newest `depth`. Index: primary key, backwards.
SELECT observed_at, payment_id, outcome, code, message
  FROM (SELECT id, observed_at, payment_id, outcome, code, message FROM payments_evidence
         ORDER BY id DESC LIMIT %(depth)s) e
 WHERE outcome NOT IN ('succeeded', 'pending')
 ORDER BY id DESC LIMIT %(most)s
