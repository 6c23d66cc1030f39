"""Tests: machine."""
