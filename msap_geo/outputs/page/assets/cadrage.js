// Where a thing is put on the screen: as large as can be, and under nothing of what lies over the map.
"use strict";
(function () {
  var EDGE = 12, AROUND = 12, CELLS = 64, PLACES = 12, STEP = 0.25, DEEPEST = 2, FOLDED = 0.75;
  var OVER = ".msap-chercher, details.msap-cle, .msap-bandeaux, #msap-fiche, .leaflet-control";

  // What lies over the map, in its pixels, with some room around.
  function obstacles(map) {
    var frame = map.getContainer().getBoundingClientRect(), found = [];
    document.querySelectorAll(OVER).forEach(function (node) {
      var r = node.getBoundingClientRect();
      if (!r.width || r.right <= frame.left || r.left >= frame.right || r.bottom <= frame.top || r.top >= frame.bottom) { return; }
      found.push([r.left - frame.left - AROUND, r.top - frame.top - AROUND, r.right - frame.left + AROUND, r.bottom - frame.top + AROUND]);
    });
    return found;
  }

  // The cells of a square that areas are in, as sums, so that a rectangle is asked in one go.
  function mask(areas) {
    var shape = msap.donnees().topologie, box = shape.box, all = [Infinity, Infinity, -Infinity, -Infinity];
    var placed = areas.filter(function (area) { return box[4 * area] <= box[4 * area + 2]; });
    placed.forEach(function (area) {
      for (var side = 0; side < 2; side++) {
        all[side] = Math.min(all[side], box[4 * area + side]);
        all[side + 2] = Math.max(all[side + 2], box[4 * area + side + 2]);
      }
    });
    if (!placed.length) { return null; }
    var w = Math.max(1, all[2] - all[0]) / CELLS, h = Math.max(1, all[3] - all[1]) / CELLS, side = CELLS + 1;
    var sums = new Int32Array(side * side), rows = spans(), columns = spans(), met = new Uint8Array(shape.start.length), row, column;
    function cell(at, from, size) { return Math.max(0, Math.min(CELLS - 1, Math.floor((at - from) / size))); }
    function widen(span, at, value) {
      if (value < span.least[at]) { span.least[at] = value; }
      if (value > span.most[at]) { span.most[at] = value; }
    }
    placed.forEach(function (area) {
      for (var r = shape.ringStart[shape.areaStart[area]]; r < shape.ringStart[shape.areaStart[area + 1]]; r++) {
        var arc = shape.refs[r] >> 1;
        // A border is met from both of its sides.
        if (met[arc]) { continue; }
        met[arc] = 1;
        for (var k = shape.start[arc]; k < shape.start[arc + 1]; k++) {
          var x = cell(shape.x[k], all[0], w), y = cell(shape.y[k], all[1], h);
          widen(rows, y, x);
          widen(columns, x, y);
        }
      }
    });
    // A cell between others of its row and of its column is taken: corners are left, holes are not.
    for (row = 1; row < side; row++) {
      for (column = 1; column < side; column++) {
        var x0 = column - 1, y0 = row - 1;
        sums[row * side + column] = x0 >= rows.least[y0] && x0 <= rows.most[y0] && y0 >= columns.least[x0] && y0 <= columns.most[x0] ? 1 : 0;
      }
    }
    for (row = 1; row < side; row++) {
      for (column = 1; column < side; column++) {
        sums[row * side + column] += sums[(row - 1) * side + column] + sums[row * side + column - 1] - sums[(row - 1) * side + column - 1];
      }
    }
    return {
      box: all,
      in: function (x0, y0, x1, y1) {
        if (x1 < all[0] || y1 < all[1] || x0 > all[2] || y0 > all[3]) { return false; }
        var a = cell(x0, all[0], w), b = cell(y0, all[1], h), c = cell(x1, all[0], w) + 1, d = cell(y1, all[1], h) + 1;
        return sums[d * side + c] - sums[b * side + c] - sums[d * side + a] + sums[b * side + a] > 0;
      }
    };
  }

  function spans() { return { least: new Int32Array(CELLS).fill(CELLS), most: new Int32Array(CELLS).fill(-1) }; }

  // The largest zoom at which all is on the map, whatever hides it.
  function largest(map, shape) {
    var size = map.getSize(), box = shape.box, unit = map.options.crs.scale(0) * msap.donnees().repere.step;
    var zoom = Math.log2(Math.min((size.x - 2 * EDGE) / Math.max(1, box[2] - box[0]), (size.y - 2 * EDGE) / Math.max(1, box[3] - box[1])) / unit);
    return Math.min(map.getMaxZoom(), Math.floor(zoom / STEP) * STEP);
  }

  // The largest zoom, then the place nearest to the middle, where nothing hides the areas; null if none does.
  function placed(map, shape, most, over) {
    var grid = msap.donnees().repere, size = map.getSize(), box = shape.box;
    function scale(zoom) { return map.options.crs.scale(zoom) * grid.step; }
    var zoom = Math.min(most, largest(map, shape));
    for (var lost = 0; lost <= DEEPEST; lost += STEP) {
      var k = scale(zoom - lost), free = [size.x - 2 * EDGE - k * (box[2] - box[0]), size.y - 2 * EDGE - k * (box[3] - box[1])];
      var best = null, nearest = Infinity;
      for (var i = 0; i <= PLACES; i++) {
        for (var j = 0; j <= PLACES; j++) {
          var away = Math.pow(free[0] * (i / PLACES - 0.5), 2) + Math.pow(free[1] * (j / PLACES - 0.5), 2);
          if (away >= nearest) { continue; }
          var x = EDGE + free[0] * i / PLACES - k * box[0], y = EDGE + free[1] * j / PLACES - k * box[1];
          if (over.every(function (r) { return !shape.in((r[0] - x) / k, (r[1] - y) / k, (r[2] - x) / k, (r[3] - y) / k); })) {
            best = [(size.x / 2 - x) / k, (size.y / 2 - y) / k];
            nearest = away;
          }
        }
      }
      if (best) { return { centre: grid.latlng(best[0], best[1]), zoom: zoom - lost }; }
    }
    return null;
  }

  // Show areas (rows of communes); false where they have no place, or where something would always hide them.
  function show(map, areas, most) {
    var shape = mask(areas), found = shape && placed(map, shape, most === undefined ? Infinity : most, obstacles(map));
    if (!found) { return false; }
    map.setView(found.centre, found.zoom, { animate: false });
    return true;
  }

  // The whole territory; on a screen so small that the open legend would halve it, the legend is folded.
  function whole(map, key) {
    var shape = mask(msap.donnees().communes.code.map(function (_, i) { return i; }));
    if (!shape) { return false; }
    var found = placed(map, shape, Infinity, obstacles(map));
    // Folding it gains nothing where the territory is as large as the map lets it be, or nearly.
    if (key && key.open && !(found && largest(map, shape) - found.zoom <= FOLDED)) {
      key.open = false;
      var folded = placed(map, shape, Infinity, obstacles(map));
      key.open = !(folded && (!found || folded.zoom - found.zoom > FOLDED));
      found = key.open ? found : folded;
    }
    if (!found) { return false; }
    map.setView(found.centre, found.zoom, { animate: false });
    return true;
  }

  msap.cadrage = { montrer: show, tout: whole };
})();
