"""The timetables of a territory: which published feeds have stops there, and where each is.

The national access point gives stops by a box, with the dataset of each, and apart the list of
datasets with the addresses of their files.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_GTFS = "GTFS"


class Feed(NamedTuple):
    """A feed that has stops in a territory.

    Parameters
    ----------
    title
        Dataset it is of.
    stops
        Stops of that dataset in the territory's boxes, those of its other feeds included.
    address
        Where its file is; empty where the catalogue does not say.
    licence
        Licence of the dataset, as the catalogue names it.
    updated
        When the file last changed, as the catalogue says.
    """

    title: str
    stops: int
    address: str
    licence: str
    updated: str


def feeds_of_territory(stops: Iterable[Path], catalogue: Path) -> list[Feed]:
    """Return the feeds that have stops in a territory, those with most stops first.

    Parameters
    ----------
    stops
        GeoJSON of stops, as the access point gives them for a box.
    catalogue
        Its list of datasets.

    Returns
    -------
    list of Feed
        One per GTFS file; a dataset the catalogue does not know keeps a line, without address.

    Raises
    ------
    OSError, ValueError
        If a file cannot be read; both were checked when they were fetched.
    """
    counts = Counter(
        title
        for path in stops
        for feature in json.loads(path.read_bytes())["features"]
        if (title := _word((feature.get("properties") or {}).get("dataset_title")))
    )
    published = {_word(each.get("title")): each for each in json.loads(catalogue.read_bytes())}
    feeds = [
        feed
        for title, count in counts.items()
        for feed in _feeds(title, count, published.get(title, {}))
    ]
    return sorted(feeds, key=lambda feed: (-feed.stops, feed.title, feed.address))


def _feeds(title: str, count: int, dataset: dict[str, Any]) -> list[Feed]:
    licence = _word(dataset.get("licence"))
    files = [
        each
        for each in dataset.get("resources") or ()
        if isinstance(each, dict) and _word(each.get("format")).upper() == _GTFS
    ]
    return [
        Feed(
            title,
            count,
            _word(each.get("original_url") or each.get("url")),
            licence,
            _word(each.get("updated")),
        )
        for each in files
    ] or [Feed(title, count, "", licence, "")]


def _word(value: Any) -> str:
    return str(value).strip() if isinstance(value, str | int) else ""
