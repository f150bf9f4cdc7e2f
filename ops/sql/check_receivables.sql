-- Design 7: a customer's receivable is what is left of their issued invoices. A draft has no posting, a paid
-- one nothing left, a void one is reversed; uncollectible ones stay until a write-off is posted (none is yet).
WITH open AS (
  SELECT account_id, sum(amount_minor) AS minor FROM engine_ledger_delta GROUP BY account_id
), booked AS (
  SELECT a.owner_id AS customer_id, a.currency, sum(a.balance_minor + coalesce(o.minor, 0)) AS minor
    FROM engine_ledger_account a LEFT JOIN open o ON o.account_id = a.id
   WHERE a.kind = 'receivable'
   GROUP BY a.owner_id, a.currency
), owed AS (
  SELECT customer_id, currency, sum(due_minor - collected_minor) AS minor
    FROM billing_invoice WHERE state IN ('open', 'uncollectible')
   GROUP BY customer_id, currency
)
SELECT coalesce(b.customer_id, o.customer_id) AS customer_id, coalesce(b.currency, o.currency) AS currency,
       coalesce(b.minor, 0) AS receivable_minor, coalesce(o.minor, 0) AS open_invoices_minor
  FROM booked b FULL JOIN owed o ON o.customer_id = b.customer_id AND o.currency = b.currency
 WHERE coalesce(b.minor, 0) <> coalesce(o.minor, 0)
 ORDER BY 1, 2
