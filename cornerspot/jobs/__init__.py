"""The queue: events published in the caller's transaction, and the worker that runs them."""
