"""Tests of fsm_session.machine.explore: explored, not only sampled."""
