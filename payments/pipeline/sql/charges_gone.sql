-- I1: of these locked payments the refunds whose charge its provider took back: given back as well, it would go twice.
-- A statement of its own: its snapshot is younger than the locks. Index: primary keys.
SELECT p.id
  FROM payments_payment p
  JOIN payments_refund r ON r.id = p.source_id
  JOIN payments_payment c ON c.id = r.payment_id
 WHERE p.id = ANY(%(ids)s::uuid[]) AND p.source_kind = 'refund' AND c.state = 'reversed'
