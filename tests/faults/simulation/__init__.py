"""Random walks of payers, staff, banks, webhooks, faults and days, which repeat from their seed.

``world`` holds the teams, the stand-in, the clock and the story; ``steps`` are what can happen;
``walking`` makes one walk and asks the oracle. ``python -m tests.faults.simulate`` runs many.
"""
