"""HTTP only: gate, load, form, use-case, answer.

May import every domain package. Blueprints never import each other; what they share is in
``support``. The edge commits (``support/edge.py``), and no view does.
"""
