// The layers of the map and what they say when asked.
//
// For other scripts of the page, once msap.pret has called them:
//   msap.donnees()                 the page's data, columns unpacked
//   msap.peindre(classes)          class of each commune; the map is painted again
//   msap.dessinerZones(zones)      [{rang, communes: [rows], population, minutesMax, lignes}]
//   msap.marquer(siteId, state)    "existante", "fermee", "ouverte" or "candidat"
//   msap.surCommune(fn)            fn(row) returns more lines [label, value] for its fiche
//   msap.surSite(fn)               fn(siteId) returns {lignes, actions: [{texte, faire}]}
//   msap.surPeinture(fn)           called after each msap.peindre
//   msap.montrerCommune(row), montrerZone(rank), montrerSite(siteId)
"use strict";
(function () {
  var el = msap.element, map = null, data = null, layers = {}, canvases = {}, marks = {};
  var told = { commune: [], site: [], peinture: [] }, painted = null, zones = null, theme = null, ready = false, online = false;
  var INK = "#1b1b2f", ACCENT = "#b5123e", GOLD = "#ffd23f";
  var ORDER = ["fond", "acces", "isochrones", "routes", "departements", "bassins", "zones", "publics"];

  // The page's data, its packed columns unpacked; simulations find their own key in it.
  function donnees() {
    if (data) { return data; }
    data = JSON.parse(document.getElementById("msap-donnees").textContent);
    data.topologie = new msap.trace.Topologie(data.trace);
    data.repere = new msap.trace.Grille(data.grille);
    var flow = msap.trace.deplier(data.communes.points), x = 0, y = 0;
    data.communes.x = new Int32Array(flow.length / 2);
    data.communes.y = new Int32Array(flow.length / 2);
    for (var i = 0; i < flow.length / 2; i++) {
      data.communes.x[i] = x += flow[2 * i];
      data.communes.y[i] = y += flow[2 * i + 1];
    }
    if (data.communes.voisines) { data.communes.voisines = neighbours(data.communes.voisines); }
    data.rangSite = {};
    data.sites.id.forEach(function (id, i) { data.rangSite[id] = i; });
    painted = Uint8Array.from(data.communes.classe);
    return data;
  }

  // Contiguity, both ways round: those after each commune are packed, as steps from it.
  function neighbours(packed) {
    var flow = msap.trace.deplier(packed), n = data.communes.code.length, pairs = [], i, k, at = 0;
    var start = new Int32Array(n + 1);
    for (i = 0; i < n; i++) {
      var other = i;
      for (k = flow[at++]; k > 0; k--) {
        other += flow[at++];
        pairs.push([i, other]);
        start[i + 1] += 1;
        start[other + 1] += 1;
      }
    }
    for (i = 0; i < n; i++) { start[i + 1] += start[i]; }
    var index = new Int32Array(start[n]), next = start.slice();
    // Pairs come by their first, so that every row is filled in increasing order.
    pairs.forEach(function (pair) { index[next[pair[1]]++] = pair[0]; });
    pairs.forEach(function (pair) { index[next[pair[0]]++] = pair[1]; });
    return { debut: start, index: index };
  }

  // ---- Fiches -------------------------------------------------------------------------------

  function fiche(title, lines, actions) {
    var node = el("div", "", "msap-fiche"), list = el("dl");
    node.appendChild(el("h3", title));
    lines.forEach(function (line) {
      if (!line[1]) { return; }
      list.appendChild(el("dt", line[0]));
      list.appendChild(el("dd", line[1]));
    });
    list.tabIndex = 0;
    node.appendChild(list);
    if (actions && actions.length) {
      var row = node.appendChild(el("p", "", "msap-actions"));
      actions.forEach(function (action) {
        row.appendChild(msap.bouton(action.texte, function () { map.closePopup(); action.faire(); }));
      });
    }
    return node;
  }

  function communeTitle(i) { return data.communes.nom[i] + " (" + data.communes.code[i] + ")"; }

  function communeFiche(i) {
    var c = data.communes, site = c.site[i];
    var lines = [
      ["Population", msap.compte(c.population[i], "habitant")],
      ["Maison la plus proche", site === null ? "aucune" : data.sites.nom[site]],
      ["Temps de trajet", msap.minutes(c.minutes[i])],
      ["Distance par la route", msap.kilometres(c.km[i])],
      ["Classe", data.classes[c.classe[i]].nom],
      ["Départ", c.origine[i]],
      ["Remarque", c.raison[i]]
    ];
    told.commune.forEach(function (fn) { lines = lines.concat(fn(i) || []); });
    return fiche(communeTitle(i), lines);
  }

  function siteTitle(i) {
    var rank = data.sites.rang[i];
    return rank ? "Candidat n° " + rank + " : " + data.sites.nom[i] : data.sites.nom[i];
  }

  function siteFiche(i) {
    var s = data.sites, actions = [];
    var lines = [
      ["Type", data.roles[s.role[i]] + ", " + s.genre[i].toLowerCase()],
      ["Commune", s.commune[i]],
      ["Horaires", s.horaires[i]],
      ["Position", s.position[i] === "commune" ? "placé à la mairie, faute de position sûre" : ""]
    ];
    if (s.lignes && s.role[i] !== "candidat" && s.role[i] !== "poste") { lines = lines.concat(s.lignes[s.id[i]] || []); }
    if (s.rang[i]) { lines = candidateLines(s.rang[i] - 1).concat(lines); }
    told.site.forEach(function (fn) {
      var more = fn(s.id[i]) || {};
      lines = lines.concat(more.lignes || []);
      actions = actions.concat(more.actions || []);
    });
    return fiche(siteTitle(i), lines, actions);
  }

  function candidateLines(row) {
    var c = data.candidats;
    return [
      ["Note", msap.nombre(c.score[row], 1) + " / 100"],
      ["Habitants gagnés à " + data.seuils[0] + " min", msap.nombre(c.population_gagnee[row])],
      ["Habitants dont le trajet raccourcit", msap.nombre(c.habitants_rapproches[row])],
      ["Gain moyen pour eux", msap.minutes(c.minutes_gagnees[row])],
      ["Trajet jusqu’à la Maison la plus proche", msap.minutes(c.minutes_maison[row])],
      ["Remarque", c.raison[row]]
    ];
  }

  function zoneFiche(zone) {
    return fiche("Zone blanche n° " + zone.rang, [
      ["Population", msap.compte(zone.population, "habitant")],
      ["Communes", msap.nombre(zone.communes.length)],
      ["Temps le plus long", msap.minutes(zone.minutesMax)]
    ].concat(zone.lignes || [], [
      ["Communes de la zone", zone.communes.map(function (i) { return data.communes.nom[i]; }).join(", ")]
    ]));
  }

  // Never wider than the screen, never under the controls.
  function popupOptions() {
    return {
      maxWidth: Math.min(340, window.innerWidth - 100), minWidth: 180,
      autoPanPaddingTopLeft: [52, 8], autoPanPaddingBottomRight: [60, 8]
    };
  }

  // ---- Points: a sign says what it is by its shape and its letter, not by its colour alone ----

  var LETTERS = { Multisites: "M", Antenne: "A", Bus: "B", "Itinérante": "I" };

  function icon(kind, text, size) {
    return L.divIcon({
      html: el("span", text, "msap-signe msap-signe-" + kind), className: "msap-marque", iconSize: [size, size]
    });
  }

  function mark(latlng, kind, text, title, order) {
    return L.marker(latlng, { icon: icon(kind, text, 24), title: title, alt: title, zIndexOffset: order || 0 });
  }

  function where(i) { return L.latLng(data.sites.lat[i], data.sites.lon[i]); }

  var STATES = {
    existante: ["maison", "", ""],
    fermee: ["fermee", "×", "fermée : "],
    ouverte: ["ouverte", "+", "ouverte : "]
  };

  function siteMark(i) {
    var id = data.sites.id[i];
    if (!marks[id]) {
      var rank = data.sites.rang[i], role = data.sites.role[i];
      var kind = rank ? "candidat" : role === "maison" ? "maison" : role;
      var text = rank ? String(rank) : LETTERS[data.sites.genre[i]] || "";
      marks[id] = mark(where(i), kind, text, siteTitle(i), rank ? 1000 - rank : 500);
      marks[id].bindPopup(function () { return siteFiche(i); }, popupOptions());
      marks[id].msap = [kind, text];
      marks[id].msapObjet = ["site", id];
    }
    return marks[id];
  }

  // Change what a site's sign says; a candidate too far down the ranking gets its own sign.
  function marquer(id, state) {
    var i = donnees().rangSite[id];
    if (i === undefined) { return; }
    var marker = siteMark(i), usual = STATES[state], role = data.sites.role[i];
    if (state === "existante") { usual = [marker.msap[0], marker.msap[1], ""]; }
    if (state === "candidat" || !usual) { usual = [marker.msap[0], marker.msap[1], ""]; }
    marker.options.title = marker.options.alt = usual[2] + siteTitle(i);
    marker.setIcon(icon(usual[0], usual[1], 24));
    marker.setZIndexOffset(state === "ouverte" || state === "fermee" ? 2000 : 0);
    var group = layers[role === "candidat" ? "candidats" : role === "voisine" ? "voisines" : "maisons"];
    var many = role === "candidat" && data.sites.rang[i] > data.premiers && state === "candidat";
    if (group && many) { group.removeLayer(marker); } else if (group) { group.addLayer(marker); }
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

  var POSTES = { "Bureau de Poste": "rond", "Agence postale communale": "carre" };

  function points(kind, order, indices, style) {
    var sites = data.sites, grid = data.repere;
    var at = indices.map(function (i) { return grid.of(where(i)); });
    var canvas = msap.trace.toile(grid, order, function (ctx, view) {
      ctx.fillStyle = style.fill; ctx.strokeStyle = style.stroke; ctx.lineWidth = style.width;
      var scale = parseFloat(map && map.getContainer().style.getPropertyValue("--msap-echelle")) || 1;
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
      indices.forEach(function (i) {
        var d = map.latLngToContainerPoint(where(i)).distanceTo(point);
        if (d < best) { best = d; found = i; }
      });
      return found;
    };
    return canvas;
  }

  function sitesOf(test) {
    var found = [];
    data.sites.id.forEach(function (_, i) {
      if (data.sites.lat[i] !== null && test(data.sites.role[i], data.sites.rang[i])) { found.push(i); }
    });
    return found;
  }

  // A sign each, that Tab reaches; of a whole country they are drawn, search and tables reach them.
  var MOST_SIGNS = 400;

  function markers(role, first) {
    var found = sitesOf(function (r, rank) { return r === role && (!first || rank <= first); }).reverse();
    if (found.length <= MOST_SIGNS) { return L.layerGroup(found.map(siteMark)); }
    var drawn = points(role, 22, found, {
      fill: "#000", stroke: "#fff", width: 1.2, shape: function () { return "losange"; }
    });
    canvases[role] = drawn;
    return L.layerGroup([drawn]);
  }

  // ---- Surfaces -----------------------------------------------------------------------------

  function canvas(kind, draw) {
    canvases[kind] = msap.trace.toile(data.repere, ORDER.indexOf(kind), draw);
    return canvases[kind];
  }

  // A canvas's path grows slower and slower: long ones are drawn in pieces.
  var PIECE = 100;

  function pieces(list, draw) {
    for (var i = 0; i < list.length; i += PIECE) { draw(list.slice(i, i + PIECE)); }
  }

  function stroke(ctx, shape, seen, arcs, colour, width, dash) {
    ctx.strokeStyle = colour; ctx.lineWidth = width; ctx.lineJoin = "round";
    ctx.setLineDash(dash || []);
    pieces(arcs, function (some) {
      ctx.beginPath();
      shape.pathArcs(ctx, seen, some);
      ctx.stroke();
    });
    ctx.setLineDash([]);
  }

  function fill(ctx, seen, areas, style) {
    ctx.fillStyle = style;
    pieces(areas, function (some) {
      ctx.beginPath();
      some.forEach(function (area) { data.topologie.pathArea(ctx, area, seen); });
      ctx.fill("evenodd");
    });
  }

  // Slanted lines, a light one beside each so that they show on any class.
  function hatch(ctx, colour, gap, beside) {
    var tile = document.createElement("canvas"), side = gap || 9;
    tile.width = tile.height = side;
    var pen = tile.getContext("2d");
    function lines(ink, width, shift) {
      pen.strokeStyle = ink; pen.lineWidth = width;
      pen.beginPath();
      [-side, 0, side].forEach(function (x) {
        pen.moveTo(x - 1 + shift, side + 1); pen.lineTo(x + side + 1 + shift, -1);
      });
      pen.stroke();
    }
    if (beside) { lines(beside, 1.2, 1.8); }
    lines(colour, 1.5, 0);
    return ctx.createPattern(tile, "repeat");
  }

  function drawAccess(ctx, view) {
    var classes = theme ? theme.classes : data.classes, of = theme ? theme.classe : painted;
    var shape = data.topologie, seen = shape.seen(view), byClass = classes.map(function () { return []; });
    for (var area = 0; area < shape.areas; area++) {
      if (view.sees(shape.box, 4 * area)) { byClass[of[area]].push(area); }
    }
    var pieceOf = new Int32Array(shape.areas).fill(-1), shown = 0;
    byClass.forEach(function (areas, i) {
      ctx.globalAlpha = online ? 0.55 : 1;
      fill(ctx, seen, areas, classes[i].couleur);
      ctx.globalAlpha = 1;
      if (classes[i].hachures) { fill(ctx, seen, areas, hatch(ctx, "#fff", 6)); }
      areas.forEach(function (area, k) { pieceOf[area] = 1000 * Math.floor(k / PIECE) + i; });
      shown += areas.length;
    });
    var apart = Math.sqrt(view.width * view.height / Math.max(1, shown));
    if (apart > 9) {
      stroke(ctx, shape, seen, shape.all(), "rgba(60, 66, 78, 0.55)", apart > 24 ? 0.7 : 0.4);
    } else if (!online) {
      // Borders closer than a few pixels would hide what they divide: they are not drawn, but the
      // hairline left between two pieces is closed from below.
      ctx.globalCompositeOperation = "destination-over";
      stroke(ctx, shape, seen, shape.between(pieceOf).filter(function (arc) { return seen.visible[arc]; }), "#7d93a3", 1);
      ctx.globalCompositeOperation = "source-over";
    }
  }

  function drawZones(ctx, view) {
    var shape = data.topologie, seen = shape.seen(view);
    if (!zones.length) { return; }
    var inside = [], edge = [];
    zones.forEach(function (zone) {
      zone.communes.forEach(function (area) {
        if (view.sees(shape.box, 4 * area)) { inside.push(area); }
      });
    });
    // A page that hatches something else (a comparison) keeps the outlines only.
    if (data.zonesHachurees !== false) {
      fill(ctx, seen, inside, hatch(ctx, "rgba(181, 18, 62, 0.75)", 9, "rgba(255, 255, 255, 0.6)"));
    }
    zones.forEach(function (zone) {
      zone.bord = zone.bord || shape.outline(zone.communes);
      zone.bord.forEach(function (arc) { edge.push(arc); });
    });
    // White lifts the outline off the darkest class.
    stroke(ctx, shape, seen, edge, "#fff", 4.5);
    stroke(ctx, shape, seen, edge, ACCENT, 2.4, [7, 4]);
  }

  // The number stands in the commune nearest to the middle of the zone.
  function anchor(zone) {
    var c = data.communes, placed = zone.communes.filter(function (i) {
      return data.topologie.areaStart[i] < data.topologie.areaStart[i + 1];
    });
    if (!placed.length) { return null; }
    var x = 0, y = 0, best = Infinity, chosen = placed[0];
    placed.forEach(function (i) { x += c.x[i] / placed.length; y += c.y[i] / placed.length; });
    placed.forEach(function (i) {
      var d = Math.pow(c.x[i] - x, 2) + Math.pow(c.y[i] - y, 2);
      if (d < best) { best = d; chosen = i; }
    });
    return data.repere.latlng(c.x[chosen], c.y[chosen]);
  }

  function dessinerZones(wanted) {
    zones = wanted;
    var group = layers.zones;
    if (!group) { return; }
    group.getLayers().forEach(function (layer) { if (layer !== canvases.zones) { group.removeLayer(layer); } });
    zones.forEach(function (zone) {
      var at = anchor(zone);
      if (!at) { return; }
      var number = mark(at, "zone", String(zone.rang), "Zone blanche n° " + zone.rang, 1500);
      number.msapZone = zone;
      number.msapObjet = ["zone", zone.rang];
      number.bindPopup(function () { return zoneFiche(zone); }, popupOptions());
      group.addLayer(number);
    });
    canvases.zones.redraw();
  }

  function peindre(classes) {
    painted = Uint8Array.from(classes);
    if (canvases.acces) { canvases.acces.redraw(); }
    told.peinture.forEach(function (fn) { fn(); });
  }

  // Colour communes by something else than time: {classes, classe}, or null to come back to it.
  function setTheme(wanted) {
    theme = wanted;
    if (canvases.acces) { canvases.acces.redraw(); }
  }

  // Whether a commune, as painted now, is beyond the first threshold.
  function beyond(i) { return painted[i] > 0; }

  var makers = {
    acces: function () { return canvas("acces", drawAccess); },
    departements: function () {
      var between = data.topologie.between(data.communes.departement);
      return canvas("departements", function (ctx, view) {
        var seen = data.topologie.seen(view);
        stroke(ctx, data.topologie, seen, between, "rgba(255, 255, 255, 0.85)", 3.4);
        stroke(ctx, data.topologie, seen, between, INK, 1.6);
      });
    },
    zones: function () {
      layers.zones = L.layerGroup([canvas("zones", drawZones)]);
      dessinerZones(data.zones);
      return layers.zones;
    },
    villes: function () {
      return L.layerGroup(data.villes.map(function (i) {
        var name = L.marker(data.repere.latlng(data.communes.x[i], data.communes.y[i]), {
          icon: L.divIcon({ html: el("span", data.communes.nom[i], "msap-ville"), className: "msap-marque", iconSize: [0, 0] }),
          interactive: false, keyboard: false, zIndexOffset: -500
        });
        name.msapNom = true;
        return name;
      }));
    },
    poste: function () {
      return points("poste", 20, sitesOf(function (role) { return role === "poste" || role === "candidat"; }), {
        fill: "#fff", stroke: "#7a4b00", width: 1.8, shape: function (genre) { return POSTES[genre] || "triangle"; }
      });
    },
    candidats: function () {
      var rest = points("candidats", 21, sitesOf(function (role, rank) {
        return role === "candidat" && rank > data.premiers;
      }), { fill: GOLD, stroke: "#000", width: 1, shape: function () { return "petit"; } });
      canvases.candidats = rest;
      return markers("candidat", data.premiers).addLayer(rest);
    },
    voisines: function () { return markers("voisine"); },
    maisons: function () { return markers("maison"); },
    itinerantes: function () { return markers("itinerante"); }
  };

  // Leaflet looks for the pictures of its own markers beside the page: they are in its style.
  function pictures() {
    var probe = document.body.appendChild(el("div", "", "leaflet-default-icon-path"));
    var url = getComputedStyle(probe).backgroundImage.replace(/^url\(["']?|["']?\)$/g, "");
    probe.remove();
    L.Icon.Default.imagePath = "";
    L.Icon.Default.mergeOptions({ iconUrl: url, iconRetinaUrl: url, shadowUrl: "" });
  }

  // Other scripts add their own makers.
  function couche(kind) {
    if (!data) { pictures(); }
    donnees();
    layers[kind] = makers[kind]();
    if (layers[kind].msapTouche) { canvases[kind] = layers[kind]; }
    return layers[kind];
  }

  // ---- Under the pointer --------------------------------------------------------------------

  function siteAt(point) {
    var found = -1;
    Object.keys(canvases).forEach(function (kind) {
      var layer = canvases[kind];
      if (layer.msapTouche && layer._map) { found = Math.max(found, layer.msapTouche(point)); }
    });
    return found;
  }

  function communeAt(latlng) {
    if (!layers.acces || !map.hasLayer(layers.acces)) { return -1; }
    var p = data.repere.of(latlng);
    return data.topologie.at(p.x, p.y);
  }

  function open(content, latlng, what) {
    var popup = L.popup(popupOptions()).setLatLng(latlng).setContent(content);
    popup.msapObjet = what;
    popup.openOn(map);
  }

  function listen(onMap) {
    map = onMap;
    map.on("moveend resize overlayadd overlayremove", settle);
    var tip = null, last = -2;
    map.on("click", function (event) {
      var site = siteAt(event.containerPoint), commune = site < 0 ? communeAt(event.latlng) : -1;
      if (site >= 0) { open(siteFiche(site), where(site), ["site", data.sites.id[site]]); }
      else if (commune >= 0) { open(communeFiche(commune), event.latlng); }
    });
    map.on("mousemove", function (event) {
      if (event.originalEvent.pointerType === "touch") { return; }
      var over = event.originalEvent.target, commune = -1;
      if (!over.closest || !over.closest(".leaflet-marker-icon, .leaflet-popup, .leaflet-control")) {
        commune = communeAt(event.latlng);
      }
      if (commune < 0) { leave(); return; }
      tip = tip || L.tooltip({ offset: [14, 0], direction: "right", className: "msap-bulle" });
      if (commune !== last) {
        var node = el("span", communeTitle(commune));
        node.appendChild(el("small", theme ? theme.classes[theme.classe[commune]].nom : data.classes[painted[commune]].nom));
        tip.setContent(node);
      }
      last = commune;
      tip.setLatLng(event.latlng);
      if (!map.hasLayer(tip)) { tip.addTo(map); }
    });
    function leave() { last = -2; if (tip) { tip.remove(); } }
    map.on("mouseout", leave);
    // Over an online background, communes let it be read.
    map.on("layeradd layerremove", function (event) {
      if (!(event.layer instanceof L.TileLayer)) { return; }
      online = false;
      map.eachLayer(function (layer) { online = online || layer instanceof L.TileLayer; });
      if (canvases.acces) { canvases.acces.redraw(); }
    });
  }

  // Names of towns stand beside their point, on the first side where they cover no sign nor other
  // name; the least peopled go without when there is no room.
  var SIDES = [[12, -6], [-12, -6], [0, -24], [0, 12], [22, -6], [-22, -6], [14, -20], [14, 8], [-14, -20], [-14, 8], [30, -6], [-30, -6]];

  function settleNames() {
    if (!layers.villes || !map.hasLayer(layers.villes)) { return; }
    var frame = map.getContainer().getBoundingClientRect(), taken = [];
    function box(node) {
      var r = node.getBoundingClientRect();
      return [r.left - frame.left, r.top - frame.top, r.right - frame.left, r.bottom - frame.top];
    }
    map.getContainer().querySelectorAll(".leaflet-marker-icon .msap-signe, .leaflet-control").forEach(function (node) {
      taken.push(box(node));
    });
    var names = layers.villes.getLayers().map(function (name) {
      var node = name.getElement().firstChild;
      return [node, map.latLngToContainerPoint(name.getLatLng()), node.offsetWidth, node.offsetHeight];
    });
    names.forEach(function (name) {
      var node = name[0], at = name[1], wide = name[2], high = name[3], place = null;
      SIDES.forEach(function (side) {
        if (place) { return; }
        var x = side[0] > 0 ? side[0] : side[0] < 0 ? side[0] - wide : -wide / 2, y = side[1];
        var r = [at.x + x - 2, at.y + y - 1, at.x + x + wide + 2, at.y + y + high + 1];
        var free = r[0] > 0 && r[2] < frame.width && taken.every(function (t) {
          return r[2] < t[0] || r[0] > t[2] || r[3] < t[1] || r[1] > t[3];
        });
        if (free) { place = [x, y]; taken.push(r); }
      });
      node.style.visibility = place ? "" : "hidden";
      if (place) { node.style.left = place[0] + "px"; node.style.top = place[1] + "px"; }
    });
  }

  // Many signs on a small map are drawn smaller.
  function settleSigns() {
    var size = map.getSize(), bounds = map.getBounds(), count = 0;
    map.eachLayer(function (layer) {
      if (layer instanceof L.Marker && !layer.msapNom && bounds.contains(layer.getLatLng())) { count += 1; }
    });
    var room = Math.sqrt(size.x * size.y / Math.max(1, count));
    var scale = Math.max(0.55, Math.min(1, room / 85));
    map.getContainer().style.setProperty("--msap-echelle", scale.toFixed(2));
  }

  function settle() {
    if (!ready) { return; }
    settleSigns();
    settleNames();
  }

  // The map has its view: draw, and settle what stands on it.
  function begin() {
    ready = true;
    settle();
    msap.trace.reveiller(map, data.repere);
  }

  function montrer(kind) { if (layers[kind] && !map.hasLayer(layers[kind])) { map.addLayer(layers[kind]); } }

  function showZone(rank) {
    var zone = zones.filter(function (z) { return z.rang === rank; })[0];
    if (!zone || !layers.zones) { return; }
    montrer("zones");
    var box = [Infinity, Infinity, -Infinity, -Infinity], boxes = data.topologie.box;
    zone.communes.forEach(function (i) {
      box = [Math.min(box[0], boxes[4 * i]), Math.min(box[1], boxes[4 * i + 1]),
        Math.max(box[2], boxes[4 * i + 2]), Math.max(box[3], boxes[4 * i + 3])];
    });
    if (isFinite(box[0]) && box[0] <= box[2]) {
      map.fitBounds(data.repere.bounds(box), { maxZoom: 12, padding: [40, 40], animate: false });
    }
    layers.zones.getLayers().forEach(function (layer) { if (layer.msapZone === zone) { layer.openPopup(); } });
  }

  function showSite(id) {
    var i = donnees().rangSite[id];
    if (i === undefined || data.sites.lat[i] === null) { return; }
    var marker = marks[id];
    map.setView(where(i), Math.max(map.getZoom(), 11), { animate: false });
    if (marker && marker._map) { marker.openPopup(); } else { open(siteFiche(i), where(i), ["site", id]); }
  }

  function showCommune(i) {
    var at = 4 * i, box = data.topologie.box.slice(at, at + 4);
    if (box[0] > box[2]) { return; }
    map.fitBounds(data.repere.bounds(box), { maxZoom: 12, padding: [60, 60], animate: false });
    open(communeFiche(i), data.repere.latlng(data.communes.x[i], data.communes.y[i]));
  }

  Object.assign(msap, {
    donnees: donnees, couche: couche, peindre: peindre, dessinerZones: dessinerZones, marquer: marquer,
    surCommune: function (fn) { told.commune.push(fn); },
    surSite: function (fn) { told.site.push(fn); },
    ecouter: listen, commencer: begin, montrerZone: showZone, montrerSite: showSite, montrerCommune: showCommune,
    surPeinture: function (fn) { told.peinture.push(fn); }, theme: setTheme, auDela: beyond,
    couches: layers, faiseurs: makers, nouvelleToile: canvas, tracer: stroke,
    remplir: fill, hachures: hatch
  });
})();
