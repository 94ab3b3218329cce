"""Two demo teams with a believable year, made only through use-cases with a moved clock.

``stories`` tells what happens, ``cast`` names who and what; the same seed gives
the same year. The addresses end in ``.example``, which nobody can own (RFC 2606).
"""
