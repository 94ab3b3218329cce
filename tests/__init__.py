"""The tests. ``conftest.py`` builds a real database by the migrations."""
