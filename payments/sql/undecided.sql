-- I1: payments of which a person still has to say what becomes of what they are for, so that nobody asks for it again:
-- one with an open case; one that succeeded and stands parked; one that was paid late, while money of a late attempt
-- lies in unapplied or is on its way back: nothing has taken it out by its key (late.applied, late.returned,
-- payment.reversed), and refunds of it that are done gave back less. What the books do not show is not decided; but
-- money of another amount, in unapplied because a person applied it after the end, is the customer's: that was the
-- decision. The view payments_undecided (payments/undecided.py), the one condition of billing, of sending and of
-- check_books.
-- Indexes: one_case_per_matter, one_attempt_per_number, one_transfer_per_fact, refunds_of_late_money.
SELECT q.payment_id, q.source_kind, q.source_id, q.late
  FROM (SELECT p.id AS payment_id, p.source_kind, p.source_id,
               p.state = 'succeeded_late' AND coalesce((
                 SELECT bool_or(NOT EXISTS (SELECT 1 FROM engine_ledger_transfer o
                                             WHERE o.source_id = t.source_id AND o.debit_id = t.credit_id)
                                 AND t.amount_minor > coalesce((
                                       SELECT sum(r.amount_minor) FROM payments_refund r
                                        WHERE r.attempt_id = t.source_id AND r.state = 'succeeded'), 0))
                   FROM payments_attempt a
                   JOIN engine_ledger_transfer t ON t.source_id = a.id AND t.kind = 'payment.succeeded_late'
                  WHERE a.payment_id = p.id), NOT EXISTS (
                 SELECT 1 FROM payments_attempt a
                  WHERE a.payment_id = p.id AND a.state = 'succeeded' AND a.failure_code = 'amount_differs')) AS late,
               p.state = 'succeeded' AND p.parked_at IS NOT NULL AS refused
          FROM payments_payment p) q
 WHERE q.late OR q.refused
    OR EXISTS (SELECT 1 FROM payments_case c WHERE c.payment_id = q.payment_id AND c.closed_at IS NULL)
