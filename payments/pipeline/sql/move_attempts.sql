-- Compare-and-set: a row that moved meanwhile is not returned, and nothing is booked for it.
UPDATE payments_attempt a
   SET state = m.new, failure_class = m.class, failure_code = m.code, failure_message = m.message,
       resolved_at = CASE WHEN m.new IN ('succeeded', 'declined', 'not_sent') THEN %(now)s ELSE a.resolved_at END
  FROM unnest(%(ids)s::uuid[], %(olds)s::text[], %(news)s::text[], %(classes)s::text[], %(codes)s::text[],
              %(messages)s::text[]) AS m(id, old, new, class, code, message)
 WHERE a.id = m.id AND a.state = m.old
RETURNING a.id
