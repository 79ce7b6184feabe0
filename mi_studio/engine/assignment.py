"""Which of some things belongs to which of as many others, so that all together fit best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def assign(costs: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the column of each row, every column once, with the smallest possible sum of costs.

    Exact, by shortest augmenting paths (Kuhn 1955, doi 10.1002/nav.3800020109, in the form of Jonker and
    Volgenant 1987, doi 10.1007/BF02278710).

    Parameters
    ----------
    costs
        Finite, (n, n).
    """
    n = len(costs)
    worth = np.zeros(n)  # a column's price, by which the cheapest ways are found
    row_of = np.full(n, -1)
    rows = np.zeros(n)
    for new in range(n):
        far, come = np.full(n, np.inf), np.full(n, -1)
        done = np.zeros(n, dtype=bool)
        row, at, reach = new, -1, 0.0
        while True:
            way = reach + costs[row] - rows[row] - worth
            nearer = ~done & (way < far)
            far[nearer], come[nearer] = way[nearer], at
            at = int(np.where(done, np.inf, far).argmin())
            reach = float(far[at])
            if row_of[at] < 0:
                break
            done[at] = True
            row = int(row_of[at])
        rows[row_of[done]] += reach - far[done]
        rows[new] += reach
        worth[done] -= reach - far[done]
        while at >= 0:  # along the way each row takes the next column
            before = int(come[at])
            row_of[at] = new if before < 0 else row_of[before]
            at = before
    return np.argsort(row_of)
