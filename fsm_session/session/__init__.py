"""The state of one session: its clock, its data, what of it may be seen, and its steps."""
