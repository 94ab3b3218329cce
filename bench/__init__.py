"""Benchmarks: what Cornerspot costs, beside the least that the same work can cost, in one run.

``python -m bench`` runs all; each module runs alone too (``python -m bench.conversion``)
and prints JSON. Not a test: nothing here fails, and nothing here is timed by the tests.
"""
