"""What a team sells and how its price becomes an amount owed.

Products, tax rates and discounts are kept here, and ``amounts.py`` turns lines,
discounts and taxes into totals: the only place in the project that rounds money.
May import ``plans`` and everything below it. Main function: ``compute_totals``.
"""
