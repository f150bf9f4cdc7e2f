-- One case per matter: the same late money told twice opens one.
INSERT INTO payments_case (id, kind, payment_id, attempt_id, sentence, opened_at)
SELECT c.id, c.kind, c.payment_id, c.attempt_id, c.sentence, %(now)s
  FROM unnest(%(ids)s::uuid[], %(kinds)s::text[], %(payments)s::uuid[], %(attempts)s::uuid[], %(sentences)s::text[])
       AS c(id, kind, payment_id, attempt_id, sentence)
ON CONFLICT DO NOTHING
