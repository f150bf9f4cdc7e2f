-- Delete what is added, in one statement: a crash leaves both undone. Accounts in id order.
WITH taken AS (
  DELETE FROM engine_ledger_delta d USING (
    SELECT id FROM engine_ledger_delta ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
  ) oldest WHERE d.id = oldest.id
  RETURNING d.account_id, d.amount_minor
), sums AS (
  SELECT account_id, sum(amount_minor)::bigint AS amount FROM taken GROUP BY account_id ORDER BY account_id
), added AS (
  UPDATE engine_ledger_account a SET balance_minor = a.balance_minor + s.amount
    FROM sums s WHERE a.id = s.account_id
  RETURNING a.id
)
SELECT (SELECT count(*) FROM taken) AS taken_rows FROM (SELECT count(*) FROM added) done
