"""Tables of travel and of places, written by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from msap_geo import travel


def reach(minutes, max_minutes=60.0):
    """Travel times of a dense table, null where there is no trip."""
    dense = np.asarray(minutes, dtype=float)
    row, column = np.nonzero(~np.isnan(dense))
    cells = (dense[row, column], (row, column))
    matrix = csr_array(cells, shape=dense.shape)
    return travel.TravelTimes(
        pd.Index([f"p{i}" for i in range(dense.shape[0])]),
        pd.Index([f"s{j}" for j in range(dense.shape[1])]),
        matrix,
        matrix.copy(),
        max_minutes,
    )
