-- Design 7: an account's stored balance and its open deltas are the sum of its transfers. Reads all of the
-- ledger once; no index helps, and none is needed in a report.
WITH moved AS (
  SELECT account_id, sum(amount) AS minor
    FROM (SELECT debit_id AS account_id, amount_minor::numeric AS amount FROM engine_ledger_transfer
          UNION ALL
          SELECT credit_id, -amount_minor FROM engine_ledger_transfer) ends
   GROUP BY account_id
), open AS (
  SELECT account_id, sum(amount_minor) AS minor FROM engine_ledger_delta GROUP BY account_id
), known AS (
  SELECT coalesce(a.id, o.account_id) AS account_id, a.kind, a.owner_id, a.currency,
         coalesce(a.balance_minor, 0) + coalesce(o.minor, 0) AS balance_minor
    FROM engine_ledger_account a FULL JOIN open o ON o.account_id = a.id
)
SELECT k.account_id, k.kind, k.owner_id, k.currency, k.balance_minor, coalesce(m.minor, 0) AS transfers_minor
  FROM known k LEFT JOIN moved m ON m.account_id = k.account_id
 WHERE k.balance_minor <> coalesce(m.minor, 0)
 ORDER BY k.account_id
