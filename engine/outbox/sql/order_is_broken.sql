-- Whether an event that is seen has the position of a transaction that has not begun: ids began anew meanwhile.
-- Index: events_in_order.
SELECT max(position) > engine_outbox_horizon() + pg_snapshot_xmax(pg_current_snapshot())::text::bigint
                       - pg_snapshot_xmin(pg_current_snapshot())::text::bigint
  FROM engine_outbox_event
