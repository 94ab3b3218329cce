"""Taking money online: the team's connection to its processor, what is asked of it and what it tells.

May import ``people``, ``mail`` and below; knows no invoice. ``provider`` says what a processor
can do in our own words, ``stripe_provider`` is the one file that speaks Stripe, ``inbox`` keeps
what its webhooks bring. What money is for is decided in ``cornerspot.billing.online``.
"""
