"""HTTP only: gate, load, form, use-case, answer."""
