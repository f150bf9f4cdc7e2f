-- Design 4: a guarded account (a wallet, an escrow hold) never owes more than it holds; credits are its means.
SELECT a.id AS account_id, a.kind, a.owner_id, a.currency, a.balance_minor + coalesce(sum(d.amount_minor), 0) AS minor
  FROM engine_ledger_account a LEFT JOIN engine_ledger_delta d ON d.account_id = a.id
 WHERE a.guarded
 GROUP BY a.id
HAVING a.balance_minor + coalesce(sum(d.amount_minor), 0) > 0
 ORDER BY a.id
