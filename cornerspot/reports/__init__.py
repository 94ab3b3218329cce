"""Questions that span several domains, answered by reading only.

May import everything from ``billing`` down. ``overview`` answers the first page.
"""
