// The shapes of the page: borders stored once (arcs), drawn on canvases, found under the pointer.
"use strict";
msap.trace = (function () {
  var PLACE = new Uint8Array(128);
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".split("").forEach(
    function (letter, place) { PLACE[letter.charCodeAt(0)] = place; });

  // Whole numbers from text: a Rice code, zigzag (outputs/page/packing.py).
  function unpack(text) {
    var width = PLACE[text.charCodeAt(0)], numbers = new Int32Array(6 * text.length / (width + 1)), n = 0;
    var at = 1, held = 0, left = 0, ones = 0, value = 0, wanted = 0;
    for (;;) {
      for (ones = 0; ones < 20; ones++) {
        if (!left) {
          if (at >= text.length) { return numbers.slice(0, n); }
          held = PLACE[text.charCodeAt(at++)];
          left = 6;
        }
        left -= 1;
        if (!(held >> left & 1)) { break; }
      }
      wanted = ones === 20 ? 32 : width;
      for (value = ones === 20 ? 0 : ones; wanted; wanted -= 1) {
        if (!left) { held = PLACE[text.charCodeAt(at++)]; left = 6; }
        left -= 1;
        value = value << 1 | held >> left & 1;
      }
      numbers[n++] = (value >>> 1) ^ -(value & 1);
    }
  }

  function boxOf(boxes, i, x, y) {
    var at = 4 * i;
    if (x < boxes[at]) { boxes[at] = x; }
    if (y < boxes[at + 1]) { boxes[at + 1] = y; }
    if (x > boxes[at + 2]) { boxes[at + 2] = x; }
    if (y > boxes[at + 3]) { boxes[at + 3] = y; }
  }

  function noBoxes(n) {
    var boxes = new Int32Array(4 * n);
    for (var i = 0; i < n; i++) { boxes.set([0x7fffffff, 0x7fffffff, -0x7fffffff, -0x7fffffff], 4 * i); }
    return boxes;
  }

  // Rings of areas as arcs (outputs/topology.py): arcs, boxes, and the areas on each side.
  function Topology(packed) {
    var flow = unpack(packed.arcs), starts = [0], i, k, x = 0, y = 0;
    var xs = new Int32Array(flow.length >> 1), ys = new Int32Array(flow.length >> 1), n = 0;
    for (i = 0; i < flow.length;) {
      for (k = flow[i++]; k > 0; k--) {
        x += flow[i++]; y += flow[i++];
        xs[n] = x; ys[n++] = y;
      }
      starts.push(n);
    }
    this.x = xs; this.y = ys;
    this.start = Int32Array.from(starts);
    this.arcs = starts.length - 1;
    this.arcBox = noBoxes(this.arcs);
    for (i = 0; i < this.arcs; i++) {
      for (k = starts[i]; k < starts[i + 1]; k++) { boxOf(this.arcBox, i, xs[k], ys[k]); }
    }
    var rings = unpack(packed.anneaux), refs = new Int32Array(rings.length), fresh = 0, m = 0;
    var ringStart = [0], areaStart = [0];
    this.left = new Int32Array(this.arcs).fill(-1);
    this.right = new Int32Array(this.arcs).fill(-1);
    for (i = 0; i < rings.length;) {
      for (var count = rings[i++]; count > 0; count--) {
        for (k = rings[i++]; k > 0; k--) {
          var back = rings[i++], ref = back === 0 ? 2 * fresh : 2 * (fresh - (back >> 1)) + (back & 1);
          if (back === 0) { fresh += 1; }
          (ref & 1 || this.left[ref >> 1] >= 0 ? this.right : this.left)[ref >> 1] = areaStart.length - 1;
          refs[m++] = ref;
        }
        ringStart.push(m);
      }
      areaStart.push(ringStart.length - 1);
    }
    this.refs = refs.slice(0, m);
    this.ringStart = Int32Array.from(ringStart);
    this.areaStart = Int32Array.from(areaStart);
    this.areas = areaStart.length - 1;
    this.box = noBoxes(this.areas);
    for (i = 0; i < this.areas; i++) {
      for (k = ringStart[areaStart[i]]; k < ringStart[areaStart[i + 1]]; k++) {
        var at = 4 * (refs[k] >> 1);
        boxOf(this.box, i, this.arcBox[at], this.arcBox[at + 1]);
        boxOf(this.box, i, this.arcBox[at + 2], this.arcBox[at + 3]);
      }
    }
  }

  // The arcs on screen, thinned to what a pixel shows; shared by every layer until the view moves.
  Topology.prototype.seen = function (view) {
    if (this.view && this.view.key === view.key) { return this.view; }
    var start = new Int32Array(this.arcs + 1), visible = new Uint8Array(this.arcs);
    var px = new Float32Array(this.x.length), py = new Float32Array(this.x.length), n = 0;
    for (var arc = 0; arc < this.arcs; arc++) {
      var first = this.start[arc], last = this.start[arc + 1] - 1, at = 4 * arc;
      start[arc] = n;
      visible[arc] = view.sees(this.arcBox, at) ? 1 : 0;
      var fromX = 0, fromY = 0;
      for (var k = first; k <= last; k++) {
        // An arc out of sight is as good as the straight line between its ends.
        if (!visible[arc] && k !== first && k !== last) { continue; }
        var x = this.x[k] * view.k + view.dx, y = this.y[k] * view.k + view.dy;
        if (k === first || k === last || Math.abs(x - fromX) + Math.abs(y - fromY) > 1) {
          px[n] = fromX = x; py[n++] = fromY = y;
        }
      }
    }
    start[this.arcs] = n;
    this.view = { key: view.key, start: start, x: px, y: py, visible: visible };
    return this.view;
  };

  Topology.prototype.pathArea = function (ctx, area, seen) {
    for (var ring = this.areaStart[area]; ring < this.areaStart[area + 1]; ring++) {
      var begun = false;
      for (var r = this.ringStart[ring]; r < this.ringStart[ring + 1]; r++) {
        var arc = this.refs[r] >> 1, k, from = seen.start[arc], to = seen.start[arc + 1] - 1;
        if (!begun) {
          k = this.refs[r] & 1 ? to : from;
          ctx.moveTo(seen.x[k], seen.y[k]);
          begun = true;
        }
        if (this.refs[r] & 1) {
          for (k = to - 1; k >= from; k--) { ctx.lineTo(seen.x[k], seen.y[k]); }
        } else {
          for (k = from + 1; k <= to; k++) { ctx.lineTo(seen.x[k], seen.y[k]); }
        }
      }
      ctx.closePath();
    }
  };

  Topology.prototype.pathArcs = function (ctx, seen, arcs) {
    for (var i = 0; i < arcs.length; i++) {
      var arc = arcs[i];
      if (!seen.visible[arc]) { continue; }
      ctx.moveTo(seen.x[seen.start[arc]], seen.y[seen.start[arc]]);
      for (var k = seen.start[arc] + 1; k < seen.start[arc + 1]; k++) { ctx.lineTo(seen.x[k], seen.y[k]); }
    }
  };

  Topology.prototype.all = function () {
    return this.every || (this.every = Int32Array.from({ length: this.arcs }, function (_, arc) { return arc; }));
  };

  // The arcs used once among areas: the outline of their union.
  Topology.prototype.outline = function (areas) {
    var used = new Map(), self = this, once = [];
    areas.forEach(function (area) {
      for (var r = self.ringStart[self.areaStart[area]]; r < self.ringStart[self.areaStart[area + 1]]; r++) {
        used.set(self.refs[r] >> 1, (used.get(self.refs[r] >> 1) || 0) + 1);
      }
    });
    used.forEach(function (times, arc) { if (times === 1) { once.push(arc); } });
    return once;
  };

  // The borders between groups: of[i] is the group of area i, negative for none.
  Topology.prototype.between = function (of) {
    var left = this.left, right = this.right;
    function group(area) { return area < 0 ? -1 : of[area]; }
    return this.all().filter(function (arc) { return group(left[arc]) !== group(right[arc]); });
  };

  Topology.prototype.holds = function (area, x, y) {
    var inside = false;
    for (var r = this.ringStart[this.areaStart[area]]; r < this.ringStart[this.areaStart[area + 1]]; r++) {
      var arc = this.refs[r] >> 1;
      for (var k = this.start[arc] + 1; k < this.start[arc + 1]; k++) {
        var y0 = this.y[k - 1], y1 = this.y[k];
        if ((y0 > y) !== (y1 > y)
            && x < this.x[k - 1] + (y - y0) / (y1 - y0) * (this.x[k] - this.x[k - 1])) {
          inside = !inside;
        }
      }
    }
    return inside;
  };

  // The area under a point of the grid, or -1; boxes are sorted into a coarse grid first.
  Topology.prototype.at = function (x, y) {
    var index = this.index || (this.index = this.sorted());
    var column = Math.floor((x - index.x) / index.side), row = Math.floor((y - index.y) / index.side);
    var cell = index.cells.get(row * 4096 + column) || [];
    for (var i = 0; i < cell.length; i++) {
      var at = 4 * cell[i];
      if (x >= this.box[at] && y >= this.box[at + 1] && x <= this.box[at + 2] && y <= this.box[at + 3]
          && this.holds(cell[i], x, y)) { return cell[i]; }
    }
    return -1;
  };

  Topology.prototype.sorted = function () {
    var all = noBoxes(1), i, cells = new Map();
    for (i = 0; i < this.areas; i++) {
      if (this.areaStart[i] === this.areaStart[i + 1]) { continue; }
      boxOf(all, 0, this.box[4 * i], this.box[4 * i + 1]);
      boxOf(all, 0, this.box[4 * i + 2], this.box[4 * i + 3]);
    }
    var side = Math.max(1, Math.max(all[2] - all[0], all[3] - all[1]) / Math.min(1024, 4 + Math.sqrt(this.areas)));
    for (i = 0; i < this.areas; i++) {
      if (this.areaStart[i] === this.areaStart[i + 1]) { continue; }
      var from = [Math.floor((this.box[4 * i] - all[0]) / side), Math.floor((this.box[4 * i + 1] - all[1]) / side)];
      var to = [Math.floor((this.box[4 * i + 2] - all[0]) / side), Math.floor((this.box[4 * i + 3] - all[1]) / side)];
      for (var row = from[1]; row <= to[1]; row++) {
        for (var column = from[0]; column <= to[0]; column++) {
          var key = row * 4096 + column;
          if (!cells.has(key)) { cells.set(key, []); }
          cells.get(key).push(i);
        }
      }
    }
    return { x: all[0], y: all[1], side: side, cells: cells };
  };

  // From the page's whole coordinates (x, y, step on the square of the world) to pixels and back.
  function Grid(numbers) { this.x = numbers[0]; this.y = numbers[1]; this.step = numbers[2]; }
  Grid.prototype.of = function (latlng) {
    var sine = Math.sin(latlng.lat * Math.PI / 180);
    return {
      x: (latlng.lng / 360 + 0.5 - this.x) / this.step,
      y: (0.5 - Math.atanh(sine) / (2 * Math.PI) - this.y) / this.step
    };
  };
  Grid.prototype.latlng = function (x, y) {
    var north = (0.5 - this.y - y * this.step) * 2 * Math.PI;
    return L.latLng(Math.asin(Math.tanh(north)) * 180 / Math.PI, (this.x + x * this.step - 0.5) * 360);
  };
  Grid.prototype.bounds = function (box) {
    return L.latLngBounds(this.latlng(box[0], box[3]), this.latlng(box[2], box[1]));
  };

  // One canvas for all the layers of a map, a little larger than it: one is a quarter of the work
  // of seven, and a printed page would show the emptying of each as white over those below.
  var MARGIN = 0.15;

  function Scene(map, grid) {
    this.map = map; this.grid = grid; this.layers = []; this.awake = false; this.first = false; this.paper = null;
    this.canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated msap-toile", map.getPane("overlayPane"));
    map.on("moveend resize", this.follow, this);
    map.on("zoomanim", this.animate, this);
  }
  Scene.prototype.add = function (layer) {
    this.layers.push(layer);
    this.layers.sort(function (a, b) { return a.msapOrdre - b.msapOrdre; });
    this.ask();
  };
  Scene.prototype.remove = function (layer) {
    this.layers = this.layers.filter(function (one) { return one !== layer; });
    this.ask();
  };
  // However many layers ask, it is drawn once, before the next picture.
  Scene.prototype.ask = function () {
    var scene = this;
    if (this.frame) { return; }
    this.frame = requestAnimationFrame(function () { scene.draw(); });
  };
  Scene.prototype.follow = function () {
    var map = this.map, view = [map.getZoom(), map.getPixelBounds().min, map.getSize()].join();
    if (view !== this.seen) { this.seen = view; this.ask(); }
  };
  Scene.prototype.animate = function (event) {
    if (!this.bounds) { return; }
    var scale = this.map.getZoomScale(event.zoom, this.zoom);
    var offset = this.map._latLngBoundsToNewLayerBounds(this.bounds, event.zoom, event.center).min;
    L.DomUtil.setTransform(this.canvas, offset, scale);
  };
  // Where the grid falls on a frame of the map, whose corner is a layer point.
  function viewOf(map, grid, corner, whole) {
    var zoom = map.getZoom(), world = map.options.crs.scale(zoom), origin = map.getPixelOrigin().add(corner);
    var k = world * grid.step, dx = world * grid.x - origin.x, dy = world * grid.y - origin.y;
    return {
      key: [k, dx, dy, whole.x, whole.y].join(),
      k: k, dx: dx, dy: dy, zoom: zoom, width: whole.x, height: whole.y,
      sees: function (box, at) {
        return box[at] <= box[at + 2] && box[at] * k + dx <= whole.x && box[at + 2] * k + dx >= 0
          && box[at + 1] * k + dy <= whole.y && box[at + 3] * k + dy >= 0;
      }
    };
  }

  // Draw what the map shows with another pen: that of a picture.
  function paint(map, grid, pen) {
    var view = viewOf(map, grid, map.containerPointToLayerPoint([0, 0]), map.getSize());
    sceneOf(map, grid).layers.forEach(function (layer) { layer.msapDessin(pen, view); });
  }

  Scene.prototype.draw = function () {
    cancelAnimationFrame(this.frame || 0);
    this.frame = 0;
    // Nothing is drawn before the map has its size and its view: the first ones are not the last.
    if (!this.awake) { return; }
    var map = this.map, size = map.getSize(), edge = size.multiplyBy(this.first ? 0 : MARGIN).round();
    var whole = size.add(edge.multiplyBy(2)), grid = this.grid;
    var corner = map.containerPointToLayerPoint(edge.multiplyBy(-1)).round();
    // Ink is finer than pixels.
    var sharp = this.paper ? 3 : Math.min(window.devicePixelRatio || 1, 2);
    this.zoom = map.getZoom();
    this.bounds = L.latLngBounds(
      map.layerPointToLatLng(corner), map.layerPointToLatLng(corner.add(whole)));
    var canvas = this.canvas, ctx = canvas.getContext("2d");
    if (canvas.width !== Math.floor(whole.x * sharp) || canvas.height !== Math.floor(whole.y * sharp)) {
      canvas.width = whole.x * sharp;
      canvas.height = whole.y * sharp;
      canvas.style.width = whole.x + "px";
      canvas.style.height = whole.y + "px";
    }
    L.DomUtil.setTransform(canvas, corner, 1);
    ctx.setTransform(sharp, 0, 0, sharp, 0, 0);
    ctx.clearRect(0, 0, whole.x, whole.y);
    if (this.paper) { ctx.fillStyle = this.paper; ctx.fillRect(0, 0, whole.x, whole.y); }
    var view = viewOf(map, grid, corner, whole);
    this.layers.forEach(function (layer) { layer.msapDessin(ctx, view); });
  };

  var scenes = new WeakMap();
  function sceneOf(map, grid) {
    if (!scenes.has(map)) { scenes.set(map, new Scene(map, grid)); }
    return scenes.get(map);
  }

  // A layer drawn on the map's canvas. Made here: Leaflet's classes exist only once the body is read.
  function makeLayer(grid, order, draw) {
    var Drawn = L.Layer.extend({
      onAdd: function (map) { sceneOf(map, grid).add(this); },
      onRemove: function (map) { sceneOf(map, grid).remove(this); },
      redraw: function () { if (this._map) { sceneOf(this._map, grid).ask(); } }
    });
    var made = new Drawn();
    made.msapOrdre = order;
    made.msapDessin = draw;
    return made;
  }

  function wake(map, grid) {
    var scene = sceneOf(map, grid);
    scene.awake = scene.first = true;
    scene.draw();
    scene.first = false;
    // What lies beyond the edges is drawn once the page has been seen.
    setTimeout(function () { scene.ask(); }, 300);
  }

  // Draw at once for paper, over a background; null comes back to the screen.
  function print(map, grid, background) {
    var scene = sceneOf(map, grid);
    scene.paper = background;
    scene.draw();
  }

  return { deplier: unpack, Topologie: Topology, Grille: Grid, toile: makeLayer, imprimer: print, peindre: paint, reveiller: wake };
})();
