-- I8: the events that this transaction wrote about these objects: ids grow with time. Index: primary key.
SELECT type, count(*)
  FROM engine_outbox_event WHERE id >= %(first)s AND object_id = ANY(%(objects)s::uuid[])
 GROUP BY type
