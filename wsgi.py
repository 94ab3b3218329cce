"""The entry point for a WSGI server: ``gunicorn wsgi:app``."""

from cornerspot.app import create_app

app = create_app()
