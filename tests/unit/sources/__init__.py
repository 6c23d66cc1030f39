"""Tests: sources."""
