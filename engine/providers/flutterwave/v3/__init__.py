"""Version 3: one secret key, references that may be used once, callbacks that carry a shared word. To keep a card its
payer pays a small amount on a page, which is given back to them.
"""
