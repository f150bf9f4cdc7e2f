"""iPaymu (Indonesia): a link or a code that the payer pays. Nothing is pulled, given back or paid out (D17)."""
