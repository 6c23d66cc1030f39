"""Tests: market."""
