"""The timeline of every record: events and notes.

May import ``jobs``, ``tenancy``, ``db`` and ``kit``. ``record`` writes an event in the
caller's transaction, ``add_note`` a note; ``entries_of`` reads a timeline and
``wording`` turns an event into a sentence.
"""
