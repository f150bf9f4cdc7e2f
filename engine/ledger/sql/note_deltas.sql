-- What this batch changed, one row an account (more where its sum leaves 64 bits). A guarded account is never here: it
-- is updated in place, under its lock, and its check constraint refuses an overdraft.
WITH changed AS (
  SELECT * FROM unnest(%(accounts)s::bigint[], %(amounts)s::bigint[]) AS t(account_id, amount)
), guarded AS (
  UPDATE engine_ledger_account a SET balance_minor = a.balance_minor + c.amount
    FROM (SELECT account_id, sum(amount) AS amount FROM changed GROUP BY account_id) c
   WHERE a.id = c.account_id AND a.guarded
  RETURNING a.id
)
INSERT INTO engine_ledger_delta (account_id, amount_minor)
SELECT c.account_id, c.amount FROM changed c WHERE c.account_id NOT IN (SELECT id FROM guarded)
