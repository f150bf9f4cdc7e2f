-- What billing's payments ended as since a moment, from the evidence of that time: a day's rows, never the history.
-- `floor` is the smallest uuid7 of an hour before, since evidence may be applied a while after it came.
-- Indexes: primary key of evidence, primary key of payments.
SELECT p.currency,
       count(*) FILTER (WHERE p.state IN ('succeeded', 'reversed') AND p.settled_minor > 0),
       coalesce(sum(p.settled_minor) FILTER (WHERE p.state IN ('succeeded', 'reversed')), 0),
       count(*) FILTER (WHERE p.state = 'failed'),
       coalesce(sum(extract(epoch FROM p.ended_at - p.created_at))
                FILTER (WHERE p.state IN ('succeeded', 'reversed')), 0)::float8
  FROM payments_payment p
 WHERE p.id IN (SELECT payment_id FROM payments_evidence WHERE id >= %(floor)s)
   AND p.source_kind = 'invoice' AND p.ended_at >= %(since)s
 GROUP BY p.currency
 ORDER BY p.currency
