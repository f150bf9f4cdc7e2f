-- Delete what is added, in one statement: a crash leaves both undone. Accounts in id order. Sums are numeric: an
-- account whose balance would leave 64 bits keeps its deltas and is named, so that no account stops the others; the
-- caller leaves it out of its next batches. Index: primary key.
WITH oldest AS MATERIALIZED (
  SELECT id, account_id, amount_minor FROM engine_ledger_delta
   WHERE account_id <> ALL(%(left_out)s::bigint[]) ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), sums AS (
  SELECT account_id, sum(amount_minor) AS amount FROM oldest GROUP BY account_id ORDER BY account_id
), fits AS MATERIALIZED (
  SELECT a.id, (a.balance_minor + s.amount)::bigint AS balance
    FROM sums s JOIN engine_ledger_account a ON a.id = s.account_id
   WHERE abs(a.balance_minor + s.amount) <= 9223372036854775807
   ORDER BY a.id
), taken AS (
  DELETE FROM engine_ledger_delta d USING oldest o, fits f WHERE d.id = o.id AND o.account_id = f.id
  RETURNING d.id
), added AS (
  UPDATE engine_ledger_account a SET balance_minor = f.balance FROM fits f WHERE a.id = f.id
  RETURNING a.id
)
SELECT (SELECT count(*) FROM oldest), (SELECT count(*) FROM taken), (SELECT count(*) FROM added),
       ARRAY(SELECT account_id FROM sums EXCEPT SELECT id FROM fits ORDER BY 1)
