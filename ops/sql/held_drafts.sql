-- I2: drafts that could not be finalized and wait for an approver: how many, to %(most)s, and since when the oldest, by
-- its event. Indexes: drafts_held, one_event_per_version.
SELECT count(*), min(told.created_at)
  FROM (SELECT i.id FROM billing_invoice i
         WHERE i.state = 'draft' AND i.held_reason <> ''
         ORDER BY i.id
         LIMIT %(most)s) held
  LEFT JOIN LATERAL (
       SELECT e.created_at FROM engine_outbox_event e
        WHERE e.object_id = held.id AND e.object_kind = 'invoice' AND e.type = 'invoice.held'
        ORDER BY e.seq DESC
        LIMIT 1
       ) told ON true
