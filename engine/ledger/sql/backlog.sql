-- What roll-up has not added yet: how many rows (up to a limit), the accounts that it leaves out (roll_up.sql), and
-- whether an account among the oldest rows has been waiting since before `floor` (transfers' ids carry their time).
-- Indexes: primary key of deltas, transfers_by_debit, transfers_by_credit.
WITH oldest AS MATERIALIZED (
  SELECT id, account_id, amount_minor FROM engine_ledger_delta ORDER BY id LIMIT %(batch)s
), sums AS (
  SELECT account_id, sum(amount_minor) AS amount FROM oldest GROUP BY account_id
), first AS (
  SELECT DISTINCT account_id FROM (SELECT account_id FROM oldest ORDER BY id LIMIT 200) few
)
SELECT (SELECT count(*) FROM (SELECT 1 FROM engine_ledger_delta LIMIT %(most)s) counted),
       ARRAY(SELECT a.id FROM sums s JOIN engine_ledger_account a ON a.id = s.account_id
              WHERE abs(a.balance_minor + s.amount) > 9223372036854775807 ORDER BY a.id),
       EXISTS (SELECT 1 FROM first f
                WHERE NOT EXISTS (SELECT 1 FROM engine_ledger_transfer t
                                   WHERE t.debit_id = f.account_id AND t.id >= %(floor)s)
                  AND NOT EXISTS (SELECT 1 FROM engine_ledger_transfer t
                                   WHERE t.credit_id = f.account_id AND t.id >= %(floor)s))
