"""Plans, features and limits: what a team may use.

May import ``people`` and below. ``entitlements`` answers for the team of the scope;
``assigning``, ``changing`` and ``overriding`` change the plan, ``switching`` the admin's
own switches, ``standing`` whether the team may write at all. ``usage`` counts what a
limit is used for, through counters that the owning packages register.
"""
