-- What of billing's payments failed since a moment and stands so, from the evidence of that time: a day's rows, never
-- the history. `floor` is the smallest uuid7 of an hour before, since evidence may be applied a while after it came.
-- Indexes: primary key of evidence, primary key of payments.
SELECT p.currency, count(*)
  FROM payments_payment p
 WHERE p.id IN (SELECT payment_id FROM payments_evidence WHERE id >= %(floor)s)
   AND p.source_kind = 'invoice' AND p.state = 'failed' AND p.ended_at >= %(since)s
 GROUP BY p.currency
 ORDER BY p.currency
