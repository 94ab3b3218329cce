"""Names of files that people save."""

from __future__ import annotations


def safe_file_name(words: str) -> str:
    """What every file system takes: no control characters, no path signs, not too long."""
    kept = "".join(letter for letter in words if letter.isprintable() and letter not in '\\/:*?"<>|')
    return " ".join(kept.split())[:120].strip(" .")
