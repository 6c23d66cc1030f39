"""Tests: scanners."""
