"""The member portal: who may sign in to which accounts of a team, how, and what it looks like.

May import ``billing`` and everything below. ``inviting`` and ``membership`` are what the
team does, ``accepting``, ``signing_in``, ``links``, ``passwords`` and ``sessions`` what a
member does, ``branding`` is the look. A member's request is narrowed to one account, so
that the database shows no other.
"""
