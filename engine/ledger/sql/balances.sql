-- One statement, so one snapshot: a delta that is rolled up meanwhile is counted once.
SELECT a.id, a.balance_minor + coalesce(sum(d.amount_minor), 0)
  FROM engine_ledger_account a LEFT JOIN engine_ledger_delta d ON d.account_id = a.id
 WHERE a.id = ANY(%(accounts)s::bigint[])
 GROUP BY a.id
