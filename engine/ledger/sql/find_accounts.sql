-- Ids of the named accounts; those that are nobody's apart, because an OR over both can't use the index and
-- reads every account of the kind. Index: one_account_per_kind_owner_currency.
SELECT a.kind, a.currency, a.owner_id, a.id
  FROM unnest(%(kinds)s::text[], %(currencies)s::text[], %(owners)s::uuid[]) AS k(kind, currency, owner_id)
  JOIN engine_ledger_account a ON a.kind = k.kind AND a.currency = k.currency AND a.owner_id = k.owner_id
UNION ALL
SELECT a.kind, a.currency, a.owner_id, a.id
  FROM unnest(%(kinds)s::text[], %(currencies)s::text[], %(owners)s::uuid[]) AS k(kind, currency, owner_id)
  JOIN engine_ledger_account a ON a.kind = k.kind AND a.currency = k.currency AND a.owner_id IS NULL
 WHERE k.owner_id IS NULL
