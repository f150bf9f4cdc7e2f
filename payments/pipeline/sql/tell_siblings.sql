-- The open payments of the same sources as these are told to stop; whom another holds is passed over. Id order.
-- Indexes: primary key, one_open_payment_per_source.
WITH sibling AS (
  SELECT p.id FROM payments_payment o
    JOIN payments_payment p ON p.source_kind = o.source_kind AND p.source_id = o.source_id AND p.id <> o.id
   WHERE o.id = ANY(%(ids)s::uuid[]) AND p.state IN ('scheduled', 'in_flight') AND p.stop_code = ''
   ORDER BY p.id FOR UPDATE OF p SKIP LOCKED
)
UPDATE payments_payment p SET stop_code = %(code)s, stop_reason = %(reason)s FROM sibling s WHERE p.id = s.id
