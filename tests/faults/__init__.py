"""Every fault, in every phase: a table of cells, made from the lifecycle's own declaration.

A cell is a fault at a place: what is armed in one real run through the front door, and what it
has to lead to. ``stage`` is that run and what is seen of it from outside, ``outcome`` holds it to
every promise, ``cells`` says what a cell is; the faults stand by their kind in ``in_*`` and
``on_disk``, and ``table`` puts them together.
"""
