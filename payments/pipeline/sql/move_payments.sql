-- Compare-and-set on the state. `new` = `old` leaves the state and sets only when it is looked at next.
UPDATE payments_payment p
   SET state = m.new, version = p.version + m.bump,
       -- Parked stays parked until its end: nothing acts on it but a person or a conclusive answer.
       next_action_at = CASE WHEN p.parked_at IS NULL THEN m.look_at END,
       parked_at = CASE WHEN m.ended THEN NULL ELSE p.parked_at END,
       parked_reason = CASE WHEN m.ended THEN '' ELSE p.parked_reason END, taken_count = 0,
       waiting = m.waiting, looks = m.looks, short_tries = m.short_tries,
       failure_class = m.class, failure_code = m.code, failure_message = m.message,
       provisional_at = coalesce(p.provisional_at, CASE WHEN m.provisional THEN %(now)s END),
       settled_minor = p.settled_minor + m.settled,
       stop_code = CASE WHEN m.stop = '' THEN p.stop_code ELSE 'paid_earlier' END,
       stop_reason = CASE WHEN m.stop = '' THEN p.stop_reason ELSE m.stop END,
       ended_at = CASE WHEN m.ended THEN %(now)s ELSE p.ended_at END
  FROM unnest(%(ids)s::uuid[], %(olds)s::text[], %(news)s::text[], %(bumps)s::int[], %(looks_at)s::timestamptz[],
              %(waitings)s::text[], %(looks)s::int[], %(short_tries)s::int[], %(classes)s::text[], %(codes)s::text[],
              %(messages)s::text[], %(provisionals)s::bool[], %(settled)s::bigint[], %(ended)s::bool[],
              %(stops)s::text[])
       AS m(id, old, new, bump, look_at, waiting, looks, short_tries, class, code, message, provisional, settled, ended,
            stop)
 WHERE p.id = m.id AND p.state = m.old
RETURNING p.id
