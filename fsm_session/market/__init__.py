"""The facts of a market: pure values and arrays, no state."""
