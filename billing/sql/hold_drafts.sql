-- I2: a draft that can't be finalized leaves the index with its reason. Index: primary key.
UPDATE billing_invoice i
   SET next_action_at = NULL, held_reason = %(reason)s, version = i.version + 1
 WHERE i.id = %(id)s AND i.state = 'draft' AND i.next_action_at IS NOT NULL
RETURNING i.version
