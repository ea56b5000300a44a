"""The only room with SQL.

:mod:`~surveys.store.tables` says what is stored, :mod:`~surveys.store.sqlite` is the embedded
engine, and the modules named for what they hold (``submissions``, ``tallies``, ``tokens``,
``sites``, ``people`` …) are functions over a :class:`~surveys.store.database.Database`.
"""
