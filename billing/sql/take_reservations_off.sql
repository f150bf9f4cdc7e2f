-- I1: the one open payment of each of these invoices was canceled in this transaction, so nothing of it is
-- being collected any more. Locks in id order. Index: primary key.
UPDATE billing_invoice i
   SET collecting_minor = 0, reason_code = %(reason_code)s, reason = %(reason)s
  FROM (SELECT id FROM billing_invoice WHERE id = ANY(%(ids)s::uuid[]) ORDER BY id FOR UPDATE) locked
 WHERE i.id = locked.id AND i.state = 'open'
