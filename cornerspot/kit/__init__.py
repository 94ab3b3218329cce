"""Tools without a domain word: errors, money, clock, ids, states, secrets, paging.

May import nothing of Cornerspot. Everything else may import it.
"""
