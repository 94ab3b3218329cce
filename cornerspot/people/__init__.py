"""Who somebody is: people, sign-ins, memberships, invitations, roles and permissions.

May import ``mail``, ``activity``, ``jobs`` and below. ``try_password`` and ``begin_session``
sign in, ``handing_off`` carries a person to another team, ``resetting`` sets a new password,
``teammates`` changes roles. ``Actor.may`` answers from the one map in ``permissions``.
"""
