// Signs: a sign says what it is by its shape and its letter, not by its colour alone.
"use strict";
(function () {
  var el = msap.element, S = msap.etat;
  var LETTERS = { Multisites: "M", Antenne: "A", Bus: "B", "Itinérante": "I" };
  var SIDE = 24;

  function data() { return msap.donnees(); }

  // What is said of a plan or of a choice is there at every zoom.
  function icon(kind, text, said) {
    return L.divIcon({
      html: el("span", text, "msap-signe msap-signe-" + kind), className: "msap-marque" + (said ? " msap-dite" : ""), iconSize: [SIDE, SIDE]
    });
  }

  // A sign that opens its card, by the pointer or by Enter.
  function mark(latlng, kind, text, title, order, act) {
    var marker = L.marker(latlng, { icon: icon(kind, text), title: title, alt: title, zIndexOffset: order || 0 });
    marker.on("click", act);
    marker.on("keypress", function (event) { if (event.originalEvent.key === "Enter") { act(); } });
    return marker;
  }

  // A bus has no one place: where a Maison stands, it stands beside.
  var MOVING = "itinerante";

  function where(i) { return L.latLng(data().sites.lat[i], data().sites.lon[i]); }

  var STATES = {
    fermee: ["fermee", "×", "fermée : ", 2000],
    ouverte: ["ouverte", "+", "ouverte : ", 2200],
    proposee: ["proposee", "", "proposé : ", 2100]
  };

  function siteMark(i) {
    var id = data().sites.id[i];
    if (!S.marques[id]) {
      var role = data().sites.role[i], kind = role === "candidat" ? "autre" : role;
      var text = role === "candidat" ? "" : LETTERS[data().sites.genre[i]] || "";
      var marker = S.marques[id] = mark(where(i), kind, text, msap.fiches.titreSite(i), 500, function () {
        msap.fiches.ouvrir(msap.fiches.site(i), where(i), ["site", id]);
      });
      marker.msap = [kind, text];
      marker.msapLibre = role === MOVING;
    }
    return S.marques[id];
  }

  // Change what a site's sign says: "existante", "fermee", "ouverte", "proposee" or "candidat"; the text is
  // its number in the plan. An office of which nothing is said is a dot among others.
  function marquer(id, state, text) {
    var i = data().rangSite[id];
    if (i === undefined || data().sites.lat[i] === null) { return; }
    var marker = siteMark(i), usual = STATES[state] || [marker.msap[0], marker.msap[1], "", 500];
    var role = data().sites.role[i], said = text || usual[1];
    marker.options.title = marker.options.alt = usual[2] + (text ? "n° " + text + " du plan, " : "") + msap.fiches.titreSite(i);
    marker.msapDite = Boolean(STATES[state]);
    marker.setIcon(icon(usual[0], said, marker.msapDite));
    marker.setZIndexOffset(usual[3]);
    marker.msapLibre = state === "ouverte" || state === "proposee";
    var group = S.couches[role === "candidat" ? "candidats" : role === "voisine" ? "voisines" : "maisons"];
    if (!group) { return; }
    // Where sites are drawn together, one of which nothing is said any more is drawn with them again.
    if ((role === "candidat" || S.toiles[role]) && !STATES[state]) { group.removeLayer(marker); } else { group.addLayer(marker); }
  }

  // Many points: drawn on one canvas, found under the pointer by their distance.
  function drawPoint(ctx, shape, x, y, scale) {
    var r = 4.5 * scale;
    ctx.beginPath();
    if (shape === "carre") { ctx.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r); }
    else if (shape === "losange") {
      ctx.moveTo(x, y - 1.5 * r); ctx.lineTo(x + 1.5 * r, y); ctx.lineTo(x, y + 1.5 * r); ctx.lineTo(x - 1.5 * r, y);
      ctx.closePath();
    } else if (shape === "triangle") {
      ctx.moveTo(x, y - 1.2 * r); ctx.lineTo(x + 1.2 * r, y + 0.9 * r); ctx.lineTo(x - 1.2 * r, y + 0.9 * r); ctx.closePath();
    } else { ctx.arc(x, y, shape === "petit" ? 0.85 * r : r, 0, 2 * Math.PI); }
    ctx.fill(); ctx.stroke();
  }

  function points(order, indices, style) {
    var sites = data().sites, grid = data().repere;
    var at = indices.map(function (i) { return grid.of(where(i)); });
    var canvas = msap.trace.toile(grid, order, function (ctx, view) {
      if (msap.vueDEnsemble && msap.vueDEnsemble()) { return; }
      ctx.fillStyle = style.fill; ctx.strokeStyle = style.stroke; ctx.lineWidth = style.width;
      var scale = parseFloat(S.carte && S.carte.getContainer().style.getPropertyValue("--msap-echelle")) || 1;
      var seen = [];
      at.forEach(function (p, k) {
        var x = p.x * view.k + view.dx, y = p.y * view.k + view.dy;
        if (x > -8 && y > -8 && x < view.width + 8 && y < view.height + 8) { seen.push([x, y, k]); }
      });
      // Thousands of points in sight would hide the map.
      scale *= Math.max(0.35, Math.min(1, Math.sqrt(view.width * view.height / Math.max(1, seen.length)) / 45));
      seen.forEach(function (p) { drawPoint(ctx, style.shape(sites.genre[indices[p[2]]]), p[0], p[1], scale); });
    });
    canvas.msapTouche = function (point) {
      var best = 12, found = -1;
      if (msap.vueDEnsemble && msap.vueDEnsemble()) { return found; }
      indices.forEach(function (i) {
        var d = S.carte.latLngToContainerPoint(where(i)).distanceTo(point);
        if (d < best) { best = d; found = i; }
      });
      return found;
    };
    return canvas;
  }

  function sitesOf(roles) {
    var found = [];
    data().sites.id.forEach(function (_, i) {
      if (data().sites.lat[i] !== null && roles.indexOf(data().sites.role[i]) >= 0) { found.push(i); }
    });
    return found;
  }

  // A sign each, that Tab reaches; of a whole country they are drawn, search and tables reach them.
  var MOST_SIGNS = 400;

  function markers(role) {
    var found = sitesOf([role]).reverse();
    if (found.length <= MOST_SIGNS) { return L.layerGroup(found.map(siteMark)); }
    var drawn = points(22, found, {
      fill: "#000", stroke: "#fff", width: 1.2, shape: function () { return "losange"; }
    });
    S.toiles[role] = drawn;
    return L.layerGroup([drawn]);
  }

  // ---- Room for all of them -----------------------------------------------------------------

  var AROUND = [[0, 0]];
  [1, 1.9, 2.8].forEach(function (far) {
    for (var k = 0; k < 8; k += 1) {
      AROUND.push([far * Math.cos(k * Math.PI / 4 - Math.PI / 2), far * Math.sin(k * Math.PI / 4 - Math.PI / 2)]);
    }
  });

  // Many signs on a small map are drawn smaller; numbers that would hide one another are moved apart.
  function settle() {
    var map = S.carte, size = map.getSize(), bounds = map.getBounds(), fixed = [], free = [];
    map.eachLayer(function (layer) {
      if (!(layer instanceof L.Marker) || layer.msapNom || !layer.getElement()) { return; }
      if (!layer.msapDite && msap.vueDEnsemble()) { return; }
      if (bounds.contains(layer.getLatLng())) { (layer.msapLibre ? free : fixed).push(layer); }
    });
    var room = Math.sqrt(size.x * size.y / Math.max(1, fixed.length + free.length));
    var scale = Math.max(0.55, Math.min(1, room / 85)), taken = [];
    map.getContainer().style.setProperty("--msap-echelle", scale.toFixed(2));
    fixed.forEach(function (layer) { taken.push(map.latLngToContainerPoint(layer.getLatLng())); });
    free.sort(function (a, b) { return b.options.zIndexOffset - a.options.zIndexOffset; });
    free.forEach(function (layer) {
      var at = map.latLngToContainerPoint(layer.getLatLng()), side = SIDE * scale + 1, found = null;
      AROUND.forEach(function (step) {
        if (found) { return; }
        var p = at.add([step[0] * side, step[1] * side]);
        var open = p.x > side / 2 && p.y > side / 2 && p.x < size.x - side / 2 && p.y < size.y - side / 2 && taken.every(function (other) {
          return Math.abs(other.x - p.x) >= side || Math.abs(other.y - p.y) >= side;
        });
        if (open) { found = p; }
      });
      found = found || at;
      taken.push(found);
      var sign = layer.getElement().querySelector(".msap-signe");
      if (!sign) { return; }
      var dx = Math.round(found.x - at.x), dy = Math.round(found.y - at.y), far = Math.sqrt(dx * dx + dy * dy) / scale - SIDE / 2;
      sign.style.setProperty("--msap-dx", dx + "px");
      sign.style.setProperty("--msap-dy", dy + "px");
      // A thread ties a sign moved apart to its place.
      sign.toggleAttribute("data-fil", far > 0);
      sign.style.setProperty("--msap-fil", Math.round(far) + "px");
      sign.style.setProperty("--msap-angle", Math.atan2(-dy, -dx).toFixed(2) + "rad");
    });
  }

  Object.assign(msap, {
    marquer: marquer,
    signes: {
      marque: mark, site: where, points: points, sites: sitesOf, deRole: markers, ranger: settle
    }
  });
})();
