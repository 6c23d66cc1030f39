"""Runs that are broken off, anywhere, and gone on with."""
