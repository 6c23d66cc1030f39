"""An indicator: a function of columns, one value a bar, each from that bar and those before it."""

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]


def strength(high: Column, low: Column, close: Column) -> Column:
    """Say where in its bar the close is: 0 at the low, 1 at the high, 0.5 of a bar without a range.

    The names of the parameters say which columns it gets, each of shape (n_bars,): ``time open
    high low close volume``. Others would come from ``parameters`` in session.toml.
    """
    spread = high - low
    flat = spread == 0
    return np.where(flat, 0.5, (close - low) / np.where(flat, 1.0, spread))
