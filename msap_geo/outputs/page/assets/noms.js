// Names of communes: those of most people first, as many as the view has room for, none over another.
"use strict";
(function () {
  var el = msap.element, S = msap.etat, pane = null, order = null, pen = null;
  var ROOM = 15000, HIGH = 14;
  // The largest towns of a view, a share of its names, are named whatever stands there; from afar their suburbs are not.
  var ALWAYS = 0.15, APART = 220;
  // Near a town five times as large, or so near that their points touch: a suburb, named or not.
  var SUBURB = 45, LARGER = 5, TOUCH = 12, POINT = 4;
  // The first side of its point where a name covers nothing.
  var SIDES = [[10, -7], [-10, -7], [0, -22], [0, 9], [18, -7], [-18, -7], [12, -19], [12, 6], [-12, -19], [-12, 6]];

  function data() { return msap.donnees(); }

  // Towns of most people first; a commune without a place has no name on the map.
  function ranked() {
    if (order) { return order; }
    var c = data().communes, shape = data().topologie;
    order = c.nom.map(function (_, i) { return i; }).filter(function (i) {
      return i >= shape.areas || shape.areaStart[i] < shape.areaStart[i + 1];
    }).sort(function (a, b) { return c.population[b] - c.population[a] || a - b; });
    return order;
  }

  function sizeOf(people, zoom) {
    return people >= 100000 ? 15 : people >= 20000 ? 13.5 : people >= 4000 || zoom >= 11 ? 12 : 11;
  }

  function widthOf(text, size) {
    pen = pen || document.createElement("canvas").getContext("2d");
    pen.font = "600 " + size + "px system-ui, sans-serif";
    return pen.measureText(text).width;
  }

  // What a name may not cover, and the signs, which that of a large town may.
  function obstacles(map) {
    var frame = map.getContainer().getBoundingClientRect();
    function boxes(nodes) {
      return Array.from(nodes, function (node) { return node.getBoundingClientRect(); }).filter(function (r) { return r.width; })
        .map(function (r) { return [r.left - frame.left, r.top - frame.top, r.right - frame.left, r.bottom - frame.top]; });
    }
    return {
      hard: boxes(document.querySelectorAll(".leaflet-control, .msap-chercher, .msap-cle")),
      signs: boxes(map.getContainer().querySelectorAll(".leaflet-marker-icon .msap-signe"))
    };
  }

  function overlap(boxes, r) {
    return boxes.reduce(function (sum, t) {
      return sum + Math.max(0, Math.min(r[2], t[2]) - Math.max(r[0], t[0])) * Math.max(0, Math.min(r[3], t[3]) - Math.max(r[1], t[1]));
    }, 0);
  }

  function settle() {
    var map = S.carte, layer = S.couches.villes;
    if (!layer) { return; }
    if (!pane) { pane = map.getPane("msapNoms"); }
    pane.textContent = "";
    if (!map.hasLayer(layer)) { return; }
    var grid = data().repere, c = data().communes, size = map.getSize(), zoom = map.getZoom();
    var k = map.options.crs.scale(zoom) * grid.step, origin = map.getPixelOrigin();
    var dx = map.options.crs.scale(zoom) * grid.x - origin.x, dy = map.options.crs.scale(zoom) * grid.y - origin.y;
    var shift = map.containerPointToLayerPoint([0, 0]), around = obstacles(map), taken = around.hard, drawn = 0, seen = [], met = 0, afar = msap.vueDEnsemble();
    var most = Math.round(size.x * size.y / ROOM), tries = 8 * most, list = ranked();
    for (var n = 0; n < list.length && drawn < most && tries > 0; n += 1) {
      var i = list[n], x = c.x[i] * k + dx - shift.x, y = c.y[i] * k + dy - shift.y;
      if (x < 0 || y < 0 || x > size.x || y > size.y) { continue; }
      tries -= 1;
      if (afar && seen.some(function (p) {
        var away = Math.max(Math.abs(p[0] - x), Math.abs(p[1] - y));
        return away < TOUCH || away < SUBURB && p[2] > LARGER * c.population[i];
      })) { continue; }
      seen.push([x, y, c.population[i]]);
      var point = [x - POINT, y - POINT, x + POINT, y + POINT];
      // A point under the name of another would be read as its own.
      if (afar && !clear(taken, point)) { continue; }
      var always = met < ALWAYS * most, least = Infinity;
      met += 1;
      var high = sizeOf(c.population[i], zoom), wide = widthOf(c.nom[i], high), place = null, box = [];
      for (var s = 0; s < SIDES.length; s += 1) {
        var left = x + (SIDES[s][0] > 0 ? SIDES[s][0] : SIDES[s][0] < 0 ? SIDES[s][0] - wide : -wide / 2), top = y + SIDES[s][1];
        var r = [left - 3, top - 2, left + wide + 3, top + HIGH + 2];
        if (r[0] < 0 || r[1] < 0 || r[2] > size.x || r[3] > size.y || !clear(taken, r)) { continue; }
        var over = overlap(around.signs, r);
        if (over < least && (always || !over)) { place = [left, top]; least = over; box = r; }
        if (!over) { break; }
      }
      if (!place) { continue; }
      taken.push(box);
      // From afar no sign says on which side of its name a town is.
      if (afar) { taken.push(point); write("", "msap-point", high, x + shift.x, y + shift.y); }
      write(c.nom[i], "msap-ville", high, place[0] + shift.x, place[1] + shift.y);
      drawn += 1;
    }
    numbers(map, k, dx - shift.x, dy - shift.y, size, shift, taken, around.signs);
    var beside = data().fond && data().fond.voisins;
    if (!beside || !S.couches.voisins || !map.hasLayer(S.couches.voisins)) { return; }
    beside.noms.forEach(function (name, n) {
      var x = beside.points[n][0] * k + dx - shift.x, y = beside.points[n][1] * k + dy - shift.y, half = widthOf(name, 13) / 2;
      var r = [x - half - 3, y - 10, x + half + 3, y + 10];
      if (!name || r[0] < 0 || r[1] < 0 || r[2] > size.x || r[3] > size.y || !clear(taken, r) || overlap(around.signs, r)) { return; }
      taken.push(r);
      write(name, "msap-ville msap-voisin", 13, x - half + shift.x, y - 8 + shift.y);
    });
  }

  // Numbers of the main roads, where no name or sign stands; one road's far enough from each other.
  function numbers(map, k, dx, dy, size, shift, taken, signs) {
    var told = data().numeros, x = 0, y = 0, rank = 0, last = {};
    if (!told || !S.couches.routes || !map.hasLayer(S.couches.routes) || msap.vueDEnsemble()) { return; }
    var flow = told.flow = told.flow || msap.trace.deplier(told.points), of = told.of = told.of || msap.trace.deplier(told.de);
    of.forEach(function (step, n) {
      rank += step;
      x += flow[2 * n];
      y += flow[2 * n + 1];
      var text = told.mots[rank], half = widthOf(text, 10) / 2 + 4, px = x * k + dx, py = y * k + dy;
      var r = [px - half, py - 7, px + half, py + 7], near = last[text];
      if (r[0] < 0 || r[1] < 0 || r[2] > size.x || r[3] > size.y || !clear(taken, r) || overlap(signs, r)) { return; }
      if (near && near.some(function (p) { return Math.abs(p[0] - px) < APART && Math.abs(p[1] - py) < APART; })) { return; }
      (last[text] = near || []).push([px, py]);
      taken.push(r);
      write(text, "msap-route", 10, px - half + shift.x, py - 7 + shift.y);
    });
  }

  function write(text, kind, high, left, top) {
    var node = el("span", text, kind);
    node.style.fontSize = high + "px";
    node.style.left = Math.round(left) + "px";
    node.style.top = Math.round(top) + "px";
    pane.appendChild(node);
  }

  function clear(taken, r) {
    return taken.every(function (t) { return r[2] < t[0] || r[0] > t[2] || r[3] < t[1] || r[1] > t[3]; });
  }

  // A layer of its own, so that it is switched as any other; its words are elements of a pane.
  function names() {
    var Names = L.Layer.extend({
      onAdd: function (map) {
        if (!map.getPane("msapNoms")) {
          map.createPane("msapNoms").style.pointerEvents = "none";
          map.getPane("msapNoms").style.zIndex = "610";
          map.on("zoomanim", function () { map.getPane("msapNoms").textContent = ""; });
        }
        pane = map.getPane("msapNoms");
        if (S.pret) { settle(); }
      },
      onRemove: function (map) { map.getPane("msapNoms").textContent = ""; }
    });
    return new Names();
  }

  msap.noms = { couche: names, ranger: settle };
})();
