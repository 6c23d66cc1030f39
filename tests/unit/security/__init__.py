"""Nothing gets in: no name becomes a path or a command, and nothing is run but what is named."""
