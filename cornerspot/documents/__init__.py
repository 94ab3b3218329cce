"""PDF rendering and stored files.

May import ``tenancy``, ``db`` and ``kit``. ``files`` has ``store_file`` and
``read_file``; ``storage`` says where bytes lie; ``pdf`` is the only file that knows
WeasyPrint.
"""
