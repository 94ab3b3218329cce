"""Mark Won + Convert: a won deal becomes an invoice, once."""
