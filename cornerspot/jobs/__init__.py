"""The queue: events and tasks written in the caller's transaction, run by the worker.

May import ``tenancy``, ``db`` and ``kit``. ``publishing`` has ``publish(event)`` and
``enqueue(task)``; ``registry`` the decorators ``@reaction`` and ``@task``; ``worker``
``run_worker`` and ``run_pending``; ``dead`` what failed for good. ``queue`` is the
only file that knows procrastinate.
"""
