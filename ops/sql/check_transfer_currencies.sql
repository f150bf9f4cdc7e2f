-- I5: a transfer moves one amount between two accounts of its own currency. Index: primary key of accounts.
SELECT t.id AS transfer_id, t.kind, t.source_id, t.currency, d.currency AS debit_currency,
       c.currency AS credit_currency
  FROM engine_ledger_transfer t
  JOIN engine_ledger_account d ON d.id = t.debit_id
  JOIN engine_ledger_account c ON c.id = t.credit_id
 WHERE t.currency <> d.currency OR t.currency <> c.currency
 ORDER BY t.id
