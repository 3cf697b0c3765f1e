"""Where to write on a map so that no label covers another."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_TURNS, _STEPS = 16, 24


class Box(NamedTuple):
    """A rectangle; any unit, the same for all."""

    left: float
    bottom: float
    right: float
    top: float

    @classmethod
    def around(cls, x: float, y: float, width: float, height: float) -> Box:
        """Return the rectangle of a size centred on a point."""
        return cls(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


class Label(NamedTuple):
    """What is to be written: where it belongs, its size, and whether it may be left out."""

    x: float
    y: float
    width: float
    height: float
    optional: bool = False


def place_labels(
    labels: Sequence[Label], *, frame: Box, taken: Sequence[Box] = ()
) -> list[tuple[float, float] | None]:
    """Return the centre of each label, as near to where it belongs as the earlier ones leave.

    Parameters
    ----------
    labels
        Labels, the most important first.
    frame
        Rectangle they must stay in.
    taken
        Rectangles nothing may be written on.

    Returns
    -------
    list
        One centre per label. An optional label that finds no free place beside its own is left
        out (null); any other stays where it belongs when the whole frame is full.
    """
    boxes = np.array([tuple(box) for box in taken], dtype=float).reshape(-1, 4)
    centres: list[tuple[float, float] | None] = []
    for label in labels:
        found = _free_place(label, frame, boxes)
        if found is None and not label.optional:
            found = label.x, label.y
        centres.append(found)
        if found is not None:
            box = Box.around(*found, label.width, label.height)
            boxes = np.vstack([boxes, np.array([tuple(box)])])
    return centres


def _free_place(label: Label, frame: Box, taken: NDArray[np.float64]) -> tuple[float, float] | None:
    tried = _places(label)
    half = np.array([label.width, label.height]) / 2
    low, high = tried - half, tried + half
    inside = (low >= [frame.left, frame.bottom]).all(axis=1)
    inside &= (high <= [frame.right, frame.top]).all(axis=1)
    # Touching is not covering.
    apart = (
        (low[:, None, 0] >= taken[None, :, 2])
        | (high[:, None, 0] <= taken[None, :, 0])
        | (low[:, None, 1] >= taken[None, :, 3])
        | (high[:, None, 1] <= taken[None, :, 1])
    )
    free = np.flatnonzero(inside & apart.all(axis=1))
    if not len(free):
        return None
    x, y = tried[free[0]]
    return float(x), float(y)


def _places(label: Label) -> NDArray[np.float64]:
    """Return the centres to try, nearest first: on the spot, then rounds about it, to the right."""
    turns = np.linspace(0, 2 * np.pi, _TURNS, endpoint=False)
    # To the right first, then by turns above and below it.
    turns = turns[np.argsort(np.abs(np.sin(turns / 2)), kind="stable")]
    steps = np.arange(1, 2 if label.optional else _STEPS)
    reach = np.array([label.width / 2, label.height / 2]) + label.height * 0.55 * steps[:, None]
    rounds = np.stack([np.cos(turns), np.sin(turns)], axis=1)[None] * reach[:, None, :]
    spots = np.vstack([np.zeros((1, 2)), rounds.reshape(-1, 2)])
    if label.optional:
        spots = spots[1:]  # a name stands beside its place, never on it
    centres: NDArray[np.float64] = spots + np.array([label.x, label.y])
    return centres
