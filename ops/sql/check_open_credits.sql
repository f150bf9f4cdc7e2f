-- I6: money that is booked but not explained, by age. Oldest credits are cleared first, so what is open are
-- the newest that make up the balance. Index: transfers_by_credit.
WITH held AS (
  SELECT a.id, a.owner_id, -(a.balance_minor + coalesce(sum(d.amount_minor), 0)) AS open_minor
    FROM engine_ledger_account a LEFT JOIN engine_ledger_delta d ON d.account_id = a.id
   WHERE a.kind = %(account_kind)s
   GROUP BY a.id
), credits AS (
  SELECT t.kind, t.source_id, h.owner_id, t.currency, t.amount_minor, t.posted_at, h.open_minor,
         sum(t.amount_minor) OVER (PARTITION BY t.credit_id ORDER BY t.posted_at DESC, t.id DESC)
           - t.amount_minor AS newer_minor
    FROM held h JOIN engine_ledger_transfer t ON t.credit_id = h.id
   WHERE h.open_minor > 0
)
SELECT kind, source_id, owner_id, currency, least(amount_minor, open_minor - newer_minor) AS open_minor, posted_at
  FROM credits
 WHERE newer_minor < open_minor AND posted_at <= %(posted_before)s
 ORDER BY posted_at
