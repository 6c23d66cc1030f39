"""How fast, beside others: measured when asked for, never by pytest."""
