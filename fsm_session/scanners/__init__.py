"""Ready-made scanners, to be used as they are or read as examples."""

from fsm_session.scanners.gap import Gap
from fsm_session.scanners.momentum import Momentum
from fsm_session.scanners.relative_volume import RelativeVolume

__all__ = ["Gap", "Momentum", "RelativeVolume"]
