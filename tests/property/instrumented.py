"""What our own walks instrument a lifecycle with: what users' tests do, under the old roof."""

from fsm_session.testing.faults import Place, Saboteur, When, places

__all__ = ["Place", "Saboteur", "When", "places"]
