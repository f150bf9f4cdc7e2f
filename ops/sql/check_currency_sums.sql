-- I5: double entry. Over all accounts of a currency nothing is left over. Reads all accounts.
WITH open AS (
  SELECT account_id, sum(amount_minor) AS minor FROM engine_ledger_delta GROUP BY account_id
)
SELECT a.currency, sum(a.balance_minor + coalesce(o.minor, 0)) AS left_over_minor
  FROM engine_ledger_account a LEFT JOIN open o ON o.account_id = a.id
 GROUP BY a.currency
HAVING sum(a.balance_minor + coalesce(o.minor, 0)) <> 0
 ORDER BY a.currency
