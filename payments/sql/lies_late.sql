-- I5: nobody has said yet what becomes of money that came late for this payment. Index: primary key.
SELECT 1 FROM payments_undecided WHERE payment_id = %(payment)s AND late
