"""Which texts are among others: what ``isin`` answers, many times sooner."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterable


def among(values: pd.Series, known: pd.Series | pd.Index | Iterable[str]) -> pd.Series:
    """Tell which values are among those known, as ``values.isin(known)`` does.

    On columns of text pandas makes an Arrow scalar of each text known: a tenth of a second for the
    communes of the country, twenty times what their hashes take.

    Parameters
    ----------
    values
        Texts, possibly null.
    known
        Texts to look for; a null among them is found too.
    """
    if isinstance(known, pd.Series | pd.Index):
        texts = known.to_numpy(dtype=object)
    else:
        gathered = list(known)
        texts = np.empty(len(gathered), dtype=object)
        texts[:] = gathered
    null = pd.isna(texts)
    found = values.astype(object).isin(texts[~null])
    return found | values.isna() if null.any() else found
