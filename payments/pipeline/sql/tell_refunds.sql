-- The open payments that carry out refunds of these charges are told to stop; whom another holds is passed over. Id
-- order.
-- Indexes: one_refund_per_number, one_open_payment_per_source.
WITH carrier AS (
  SELECT p.id FROM payments_refund r
    JOIN payments_payment p ON p.source_kind = 'refund' AND p.source_id = r.id
   WHERE r.payment_id = ANY(%(ids)s::uuid[]) AND p.state IN ('scheduled', 'in_flight') AND p.stop_code = ''
   ORDER BY p.id FOR UPDATE OF p SKIP LOCKED
)
UPDATE payments_payment p SET stop_code = %(code)s, stop_reason = %(reason)s FROM carrier c WHERE p.id = c.id
