-- One case per matter: the same late money told twice opens one. Told again after a person closed it, it is open
-- again: what they decided on was not all. Index: one_case_per_matter.
INSERT INTO payments_case AS k (id, kind, payment_id, attempt_id, sentence, opened_at)
SELECT c.id, c.kind, c.payment_id, c.attempt_id, c.sentence, %(now)s
  FROM unnest(%(ids)s::uuid[], %(kinds)s::text[], %(payments)s::uuid[], %(attempts)s::uuid[], %(sentences)s::text[])
       AS c(id, kind, payment_id, attempt_id, sentence)
ON CONFLICT (payment_id, kind, attempt_id) DO UPDATE
   SET closed_at = NULL, closed_by = '', resolution = '', sentence = EXCLUDED.sentence, opened_at = EXCLUDED.opened_at
 WHERE k.closed_at IS NOT NULL
