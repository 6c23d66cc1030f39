"""Tests of the phases of a trading day."""
