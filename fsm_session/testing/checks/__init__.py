"""The checks: what each kind of part promises, as properties with a readable sentence each."""
