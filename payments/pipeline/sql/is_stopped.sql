-- Advice before taking; mark sent asks again under lock.
SELECT s.paused OR NOT k.sending AS stopped
  FROM payments_providerswitch s, payments_killswitch k
 WHERE s.provider = %(provider)s AND k.id = 1
