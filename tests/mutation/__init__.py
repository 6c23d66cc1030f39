"""Does anybody notice? The code is changed in one place at a time, and a test has to fail.

``python -m tests.mutation [PATHS]``. Of the tools there are, mutmut renames functions, whose names
the table, digests and pictures are made of; cosmic-ray changes files in place, runs a whole command
for each change, and leaves out no call and no element of a table. See ``tests/mutation.rst``.
"""
