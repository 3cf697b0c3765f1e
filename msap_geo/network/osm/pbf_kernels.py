"""The compiled part of the PBF reader: protocol buffers decoded straight into arrays.

A block is a byte array. Fields are numbered as in the format's own description (osmformat.proto,
OSM wiki, "PBF Format"); unknown ones are skipped. Every function takes positions in the block and
returns positions or arrays; none keeps state, so that threads may decode several blocks at once.
"""

from __future__ import annotations

import numpy as np

from msap_geo.compiled import kernel

_DENSE, _WAYS = 2, 3


@kernel
def _varint(block, at):
    value = np.uint64(0)
    shift = np.uint64(0)
    while True:
        # A damaged block must not be read past its end.
        if at >= len(block):
            return np.int64(0), np.int64(len(block))
        byte = block[at]
        at += 1
        value |= np.uint64(byte & 0x7F) << shift
        if byte < 0x80:
            return np.int64(value), at
        shift += np.uint64(7)


@kernel
def _signed(value):
    """Undo the zigzag coding of signed numbers."""
    return np.int64((np.uint64(value) >> np.uint64(1)) ^ np.uint64(-(value & 1)))


@kernel
def _field(block, at):
    """Read a field's head: its number, where its content starts and where the next field does.

    The content of a varint field is the varint itself.
    """
    head, at = _varint(block, at)
    number, kind = head >> 3, head & 7
    end = np.int64(len(block))
    if kind == 0:
        _, after = _varint(block, at)
    elif kind == 2:
        size, at = _varint(block, at)
        after = at + size if 0 <= size <= end - at else end
    elif kind == 1:
        after = min(at + 8, end)
    elif kind == 5:
        after = min(at + 4, end)
    else:
        number, after = np.int64(-1), end
    return number, at, after


@kernel
def _deleted(block, start, stop):
    """Tell whether an element's own history says that it is deleted (``visible``, field 6)."""
    at = start
    while at < stop:
        part, first, at = _field(block, at)
        if part == 6:
            visible, _ = _varint(block, first)
            return visible == 0
    return False


@kernel
def _some_deleted(block, start, stop):
    """Tell the same of a group of dense nodes, whose field 6 holds one value each."""
    at = start
    while at < stop:
        part, first, at = _field(block, at)
        if part == 6:
            while first < at:
                visible, first = _varint(block, first)
                if visible == 0:
                    return True
    return False


@kernel
def strings(block, start, stop):
    """Return where each string of a table starts and stops."""
    count = 0
    at = start
    while at < stop:
        _, _, at = _field(block, at)
        count += 1
    spans = np.empty((count, 2), dtype=np.int64)
    at = start
    for i in range(count):
        _, begin, at = _field(block, at)
        spans[i, 0], spans[i, 1] = begin, at
    return spans


@kernel
def columns(block, spans, keys, key_spans):
    """Return which wanted key each string is, −1 where none.

    ``keys`` holds the wanted keys end to end, ``key_spans`` where each starts and stops.
    """
    column = np.full(len(spans), -1, dtype=np.int16)
    for i in range(len(spans)):
        size = spans[i, 1] - spans[i, 0]
        for k in range(len(key_spans)):
            if key_spans[k, 1] - key_spans[k, 0] != size:
                continue
            same = True
            for j in range(size):
                if block[spans[i, 0] + j] != keys[key_spans[k, 0] + j]:
                    same = False
                    break
            if same:
                column[i] = k
                break
    return column


@kernel
def layout(block):
    """Return how a block is laid out.

    Returns
    -------
    groups
        Kind of the first element (1 node, 2 dense nodes, 3 way, 4 relation), start and stop of
        each group, shape (g, 3).
    table
        Start and stop of the string table.
    scale
        Granularity, longitude offset, latitude offset, nanodegrees.
    """
    groups = np.empty((0, 3), dtype=np.int64)
    table = np.zeros(2, dtype=np.int64)
    scale = np.array([100, 0, 0], dtype=np.int64)
    at = np.int64(0)
    while at < len(block):
        number, begin, at = _field(block, at)
        if number == 1:
            table[0], table[1] = begin, at
        elif number == 2 and begin < at:
            kind, _, _ = _field(block, begin)
            groups = np.concatenate((groups, np.array([[kind, begin, at]], dtype=np.int64)))
        elif number == 17:
            scale[0], _ = _varint(block, begin)
        elif number == 20:
            scale[1], _ = _varint(block, begin)
        elif number == 19:
            scale[2], _ = _varint(block, begin)
    return groups, table, scale


@kernel
def _room(block, start, stop):
    """Return how many ways a group holds, and at most how many node references."""
    ways, refs = 0, 0
    at = start
    while at < stop:
        number, begin, end = _field(block, at)
        if number == _WAYS:
            ways += 1
            inner = begin
            while inner < end:
                part, first, inner = _field(block, inner)
                if part == 8:
                    refs += inner - first
        at = end
    return ways, refs


@kernel
def ways(block, start, stop, column, width, gates):
    """Decode the ways of a group that carry one of the ``gates`` first wanted keys.

    Returns
    -------
    number
        Identifier of each way, shape (w,).
    value
        String index + 1 of each wanted key's value, 0 where absent, shape (w, width).
    sizes, refs
        How many nodes each way has, and their identifiers end to end.
    met
        First and last identifier of every way met, whether one was deleted, carries the places of
        its nodes, or does not come after the one before (what only
        :mod:`msap_geo.network.osm.forms` reads), shape (3,).
    """
    met = np.zeros(3, dtype=np.int64)
    most_ways, most_refs = _room(block, start, stop)
    number = np.empty(most_ways, dtype=np.int64)
    value = np.zeros((most_ways, width), dtype=np.int32)
    sizes = np.empty(most_ways, dtype=np.int64)
    refs = np.empty(most_refs, dtype=np.int64)
    w = r = 0
    first_met = True
    at = start
    while at < stop:
        field, begin, end = _field(block, at)
        at = end
        if field != _WAYS:
            continue
        identifier = np.int64(0)
        keys = keys_end = values = values_end = nodes = nodes_end = np.int64(0)
        inner = begin
        while inner < end:
            part, first, inner = _field(block, inner)
            if part == 1:
                identifier, _ = _varint(block, first)
            elif part == 2:
                keys, keys_end = first, inner
            elif part == 3:
                values, values_end = first, inner
            elif part == 4:
                met[2] |= _deleted(block, first, inner)
            elif part == 8:
                nodes, nodes_end = first, inner
            elif part == 9 and first < inner:
                met[2] |= True
        if first_met:
            met[0] = identifier
        met[2] |= not first_met and identifier <= met[1]
        met[1] = identifier
        first_met = False
        wanted = False
        while keys < keys_end and values < values_end:
            key, keys = _varint(block, keys)
            text, values = _varint(block, values)
            if 0 <= key < len(column) and column[key] >= 0:
                value[w, column[key]] = text + 1
                wanted = wanted or column[key] < gates
        if not wanted:
            for k in range(width):
                value[w, k] = 0
            continue
        number[w] = identifier
        before = r
        reference = np.int64(0)
        while nodes < nodes_end:
            delta, nodes = _varint(block, nodes)
            reference += _signed(delta)
            refs[r] = reference
            r += 1
        sizes[w] = r - before
        w += 1
    return number[:w].copy(), value[:w].copy(), sizes[:w].copy(), refs[:r].copy(), met


@kernel
def signatures(value):
    """Return one number for each row of tags (FNV-1a, 64 bits): equal rows have equal numbers."""
    result = np.empty(len(value), dtype=np.uint64)
    for w in range(len(value)):
        mixed = np.uint64(14695981039346656037)
        for k in range(value.shape[1]):
            mixed = (mixed ^ np.uint64(value[w, k])) * np.uint64(1099511628211)
        result[w] = mixed
    return result


@kernel
def _place(wanted, identifier, near):
    """Return where an identifier stands in sorted ``wanted``, or would; ``near`` is a guess."""
    if near < len(wanted) and wanted[near] <= identifier:
        # Files are sorted: the answer is a few steps ahead.
        for _ in range(8):
            if near >= len(wanted) or wanted[near] >= identifier:
                return near
            near += 1
        return near + np.searchsorted(wanted[near:], identifier)
    return np.int64(np.searchsorted(wanted, identifier))


@kernel
def dense_nodes(block, start, stop, scale, wanted, lon, lat, column, gate, width):
    """Place the wanted nodes of a group of dense nodes, and give the tags of the gated ones.

    Parameters
    ----------
    scale
        Granularity, longitude offset and latitude offset, nanodegrees.
    wanted
        Sorted identifiers, shape (n,).
    lon, lat
        Filled with degrees where a wanted node is found, shape (n,).
    column, gate, width
        Wanted keys (:func:`columns`), and which of them, or the first, a node must carry to be
        returned.

    Returns
    -------
    index, value
        Position in ``wanted`` of each gated node, and its tags as in :func:`ways`.
    met
        First and last identifier of every node met, whether one is said to be deleted or does not
        come after the one before, shape (3,).
    """
    met = np.zeros(3, dtype=np.int64)
    first_met = True
    index = np.empty(16, dtype=np.int64)
    value = np.zeros((16, width), dtype=np.int32)
    found = 0
    at = start
    while at < stop:
        field, begin, end = _field(block, at)
        at = end
        if field != _DENSE:
            continue
        ids = ids_end = lats = lons = tags = tags_end = np.int64(0)
        inner = begin
        while inner < end:
            part, first, inner = _field(block, inner)
            if part == 1:
                ids, ids_end = first, inner
            elif part == 5:
                met[2] |= _some_deleted(block, first, inner)
            elif part == 8:
                lats = first
            elif part == 9:
                lons = first
            elif part == 10:
                tags, tags_end = first, inner
        identifier = y = x = near = np.int64(0)
        while ids < ids_end:
            delta, ids = _varint(block, ids)
            identifier += _signed(delta)
            if first_met:
                met[0] = identifier
            met[2] |= not first_met and identifier <= met[1]
            met[1] = identifier
            first_met = False
            delta, lats = _varint(block, lats)
            y += _signed(delta)
            delta, lons = _varint(block, lons)
            x += _signed(delta)
            near = _place(wanted, identifier, near)
            ours = near < len(wanted) and wanted[near] == identifier
            if ours:
                lon[near] = (scale[1] + scale[0] * x) // 100 / 1e7
                lat[near] = (scale[2] + scale[0] * y) // 100 / 1e7
            if tags >= tags_end:
                continue
            key, tags = _varint(block, tags)
            while key != 0:
                text, tags = _varint(block, tags)
                if ours and 0 <= key < len(column) and column[key] >= 0:
                    value[found, column[key]] = text + 1
                if tags >= tags_end:
                    break
                key, tags = _varint(block, tags)
            if ours and (value[found, gate] or value[found, 0]):
                index[found] = near
                found += 1
                if found == len(index):
                    index = np.concatenate((index, np.empty_like(index)))
                    value = np.concatenate((value, np.zeros_like(value)))
            elif ours:
                for k in range(width):
                    value[found, k] = 0
    return index[:found].copy(), value[:found].copy(), met


@kernel
def restrictions(block, start, stop, column):
    """Return where the relations of a group with a wanted key start and stop, shape (r, 2)."""
    spans = np.empty((0, 2), dtype=np.int64)
    at = start
    while at < stop:
        field, begin, end = _field(block, at)
        at = end
        inner = begin
        while field == 4 and inner < end:
            part, first, inner = _field(block, inner)
            if part != 2:
                continue
            while first < inner:
                key, first = _varint(block, first)
                if 0 <= key < len(column) and column[key] >= 0:
                    spans = np.concatenate((spans, np.array([[begin, end]], dtype=np.int64)))
                    break
    return spans
