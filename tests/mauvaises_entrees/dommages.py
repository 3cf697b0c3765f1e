"""What can happen to a file on its way: each returns a function that damages a study's folder."""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from msap_geo.errors import MsapGeoError

MANY = settings(
    max_examples=int(os.environ.get("MSAP_GEO_FUZZ", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def given(name, content):
    """Put other bytes in a file's place."""
    data = content if isinstance(content, bytes) else content.encode()

    def damage(toy):
        (toy.folder / name).write_bytes(data)

    return damage


def absent(name):
    return lambda toy: (toy.folder / name).unlink()


def a_folder(name):
    def damage(toy):
        (toy.folder / name).unlink()
        (toy.folder / name).mkdir()

    return damage


def text(name, change):
    """Change the text of a file."""

    def damage(toy):
        path = toy.folder / name
        before = path.read_text(encoding="utf-8")
        after = change(before)
        assert after != before, name
        path.write_text(after, encoding="utf-8")

    return damage


def replaced(name, old, new):
    return text(name, lambda content: content.replace(old, new))


def bytes_of(name, change):
    def damage(toy):
        path = toy.folder / name
        path.write_bytes(change(path.read_bytes()))

    return damage


def cells(name, *, row=0, **values):
    """Change cells of a row of a CSV, by column."""

    def change(content):
        rows = list(csv.DictReader(io.StringIO(content)))
        rows[row].update(values)
        return written(rows)

    return text(name, change)


def rows(name, change):
    """Change the rows of a CSV, a list of dictionaries."""
    return text(name, lambda content: written(change(list(csv.DictReader(io.StringIO(content))))))


def written(table):
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(table[0]))
    writer.writeheader()
    writer.writerows(table)
    return stream.getvalue()


def without_column(name, column):
    def change(table):
        return [{key: value for key, value in row.items() if key != column} for row in table]

    return rows(name, change)


def json_of(name, change):
    """Change what a JSON file holds, in place or by returning another."""

    def damage(toy):
        path = toy.folder / name
        content = json.loads(path.read_text(encoding="utf-8"))
        path.write_text(json.dumps(change(content) or content), encoding="utf-8")

    return damage


def key(toml):
    """Add lines to the study file."""

    def damage(toy):
        path = toy.path
        path.write_text(path.read_text(encoding="utf-8") + "\n" + toml + "\n", encoding="utf-8")

    return damage


def swapped(old, new):
    """Replace a piece of the study file."""
    return replaced("etude.toml", old, new)


@st.composite
def damaged(draw, content):
    """Change a file here and there: bytes replaced, pieces cut, repeated or put elsewhere."""
    data = bytearray(content)
    for _ in range(draw(st.integers(1, 6))):
        if not data:
            break
        at = draw(st.integers(0, len(data) - 1))
        length = draw(st.integers(1, 12))
        match draw(st.sampled_from(["set", "cut", "repeat", "end", "insert"])):
            case "set":
                data[at : at + length] = draw(st.binary(min_size=length, max_size=length))
            case "cut":
                del data[at : at + length]
            case "repeat":
                data[at:at] = data[at : at + length] * draw(st.integers(1, 40))
            case "end":
                del data[at:]
            case _:
                data[at:at] = draw(
                    st.sampled_from(
                        [b"\x00", b"\xff", b"[" * 3000, b"9" * 5000, b'"', b"nan", b"1e999", b"\r"]
                    )
                )
    return bytes(data)


def survives(read, name, content):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            read(path)
        except MsapGeoError as error:
            assert str(error).isprintable() or "\x00" in str(error) or error.where  # noqa: PT017
