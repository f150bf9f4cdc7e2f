-- I1: of these locked payments the refunds whose charge its provider took back: given back as well, it would go twice.
-- Of what came late and paid its debt after all that is late.reversed; its payment stays what it is.
-- A statement of its own: its snapshot is younger than the locks. Indexes: primary keys, one_attempt_per_number,
-- one_transfer_per_fact.
SELECT p.id
  FROM payments_payment p
  JOIN payments_refund r ON r.id = p.source_id
  JOIN payments_payment c ON c.id = r.payment_id
 WHERE p.id = ANY(%(ids)s::uuid[]) AND p.source_kind = 'refund'
   AND (c.state = 'reversed'
        OR (c.state = 'succeeded_late' AND r.attempt_id IS NULL
            AND EXISTS (SELECT 1 FROM payments_attempt a JOIN engine_ledger_transfer t ON t.source_id = a.id
                         WHERE a.payment_id = c.id AND t.kind = 'late.reversed')))
