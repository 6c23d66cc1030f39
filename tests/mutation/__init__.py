"""Does anybody notice? The code is changed in one place at a time, and a test has to fail.

``python -m tests.mutation [PATHS]``. Tools there are for it leave out what matters here: mutmut
makes no mutant of a table, of a state's declaration, of a decorated hook, nor by leaving out a
call; so a phase that drops a hook would never have been tried. See ``tests/mutation.rst``.
"""
