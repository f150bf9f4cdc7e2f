-- I1: which of these locked payments have another one of the same source. None joins it meanwhile: only one of a source
-- is open at a time (one_open_payment_per_source). Index: one_payment_per_number.
SELECT DISTINCT p.id
  FROM payments_payment p
  JOIN payments_payment o ON o.source_kind = p.source_kind AND o.source_id = p.source_id AND o.id <> p.id
 WHERE p.id = ANY(%(ids)s::uuid[])
