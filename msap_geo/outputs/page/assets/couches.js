// The layers of the map, what is under the pointer, and ways to show a thing.
//
// For other scripts of the page, once msap.pret has called them:
//   msap.donnees()                 the page's data, columns unpacked
//   msap.peindre(classes, sites, minutes)  of each commune: class, nearest site, minutes; painted again
//   msap.dessinerZones(zones)      [{rang, nom, communes: [rows], population, minutesMax, lignes}]
//   msap.marquer(siteId, state, n) "existante", "fermee", "ouverte", "proposee" or "candidat"; its number
//   msap.surCommune(fn, first)     fn(row) returns more lines [label, value] for its card, or its first ones
//   msap.surSite(fn)               fn(siteId) returns {lignes, actions: [{texte, faire}], remplace}
//   msap.surPeinture(fn)           called after each msap.peindre
//   msap.montrerCommune(row), montrerZone(rank), montrerSite(siteId)
"use strict";
(function () {
  var el = msap.element, S = msap.etat, layers = S.couches, canvases = S.toiles, data = null;
  var INK = "#1b1b2f", ACCENT = "#b5123e", GOLD = "#ffd23f";
  var ORDER = ["mer", "voisins", "acces", "relief", "isochrones", "rivieres", "routes", "departements", "bassins", "zones", "publics", "trajets"];

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

  // A style that must be made is a function: nothing is made for nothing.
  function fill(ctx, seen, areas, style) {
    if (!areas.length) { return; }
    ctx.fillStyle = typeof style === "function" ? style() : style;
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
    var pen = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
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

  // Ringed dots, told from slanted lines on any class: too close to the threshold to call.
  function dots(ctx) {
    var tile = document.createElement("canvas");
    tile.width = tile.height = 9;
    var pen = /** @type {CanvasRenderingContext2D} */ (tile.getContext("2d"));
    [{ ink: "#1b1b2f", radius: 2.6 }, { ink: "#fff", radius: 1.6 }].forEach(function (disc) {
      pen.fillStyle = disc.ink;
      pen.beginPath();
      pen.arc(4.5, 4.5, disc.radius, 0, 2 * Math.PI);
      pen.fill();
    });
    return ctx.createPattern(tile, "repeat");
  }

  // Which communes are too close to call, today by default; the legend counts them. Minutes are compared
  // by their thousandths, as Python does.
  function weigh(minutes) {
    var between = data.tropProche;
    S.proches = new Uint8Array(data.communes.code.length);
    if (!between) { return; }
    minutes = minutes || data.communes.minutes;
    var low = Math.round(1000 * between[0]), high = Math.round(1000 * between[1]);
    for (var i = 0; i < S.proches.length; i++) {
      var millimes = minutes[i] === null ? -1 : Math.round(1000 * minutes[i]);
      S.proches[i] = millimes >= low && millimes <= high ? 1 : 0;
    }
    countClose();
  }

  function countClose() {
    var lines = document.querySelectorAll("[data-proches]"), count = 0, sum = 0;
    S.proches.forEach(function (flag, i) { if (flag) { count += 1; sum += data.communes.population[i]; } });
    lines.forEach(function (line) {
      line.textContent = line.dataset.proches === "communes" ? " (" + msap.compte(count, "commune") + ")" : msap.nombre(sum) + " hab.";
      line.closest("li").classList.toggle("msap-nul", !count);
    });
  }

  function drawAccess(ctx, view) {
    var theme = msap.vueDEnsemble() ? msap.themeDEnsemble() : S.theme, classes = theme ? theme.classes : data.classes, of = theme ? theme.classe : S.peint;
    var online = S.enLigne;
    var shape = data.topologie, seen = shape.seen(view), byClass = classes.map(function () { return []; });
    for (var area = 0; area < shape.areas; area++) {
      if (view.sees(shape.box, 4 * area)) { byClass[of[area]].push(area); }
    }
    var pieceOf = new Int32Array(shape.areas).fill(-1), shown = 0;
    byClass.forEach(function (areas, i) {
      ctx.globalAlpha = online ? 0.55 : 1;
      fill(ctx, seen, areas, classes[i].couleur);
      ctx.globalAlpha = 1;
      if (classes[i].hachures) { fill(ctx, seen, areas, function () { return hatch(ctx, "#fff", 6); }); }
      if (!theme) { fill(ctx, seen, areas.filter(function (area) { return S.proches[area]; }), function () { return dots(ctx); }); }
      areas.forEach(function (area, k) { pieceOf[area] = 1000 * Math.floor(k / PIECE) + i; });
      shown += areas.length;
    });
    var apart = Math.sqrt(view.width * view.height / Math.max(1, shown));
    if (apart > 9 && !msap.vueDEnsemble()) {
      stroke(ctx, shape, seen, shape.all(), "rgba(60, 66, 78, 0.55)", apart > 24 ? 0.7 : 0.4);
    } else if (!online) {
      // Borders closer than a few pixels would hide what they divide: they are not drawn, but the
      // hairline left between two pieces is closed from below.
      ctx.globalCompositeOperation = "destination-over";
      stroke(ctx, shape, seen, shape.between(pieceOf).filter(function (arc) { return seen.visible[arc]; }), msap.vueDEnsemble() ? "#e3e6cf" : "#7d93a3", 1);
      ctx.globalCompositeOperation = "source-over";
    }
  }

  function drawZones(ctx, view) {
    var shape = data.topologie, seen = shape.seen(view);
    var zones = S.zones;
    if (!zones.length || msap.vueDEnsemble()) { return; }
    var inside = [], edge = [];
    zones.forEach(function (zone) {
      zone.communes.forEach(function (area) {
        if (view.sees(shape.box, 4 * area)) { inside.push(area); }
      });
    });
    // A page that hatches something else (a comparison) keeps the outlines only.
    if (data.zonesHachurees !== false) {
      fill(ctx, seen, inside, function () { return hatch(ctx, "rgba(181, 18, 62, 0.75)", 9, "rgba(255, 255, 255, 0.6)"); });
    }
    zones.forEach(function (zone) {
      zone.bord = zone.bord || shape.outline(zone.communes);
      zone.bord.forEach(function (arc) { edge.push(arc); });
    });
    // White lifts the outline off the darkest class.
    stroke(ctx, shape, seen, edge, "#fff", 4.5);
    stroke(ctx, shape, seen, edge, ACCENT, 2.4, [7, 4]);
  }

  // The middle of what a commune covers, where it is inside; else its town hall.
  function middle(i) {
    var shape = data.topologie, box = shape.box, x = (box[4 * i] + box[4 * i + 2]) / 2, y = (box[4 * i + 1] + box[4 * i + 3]) / 2;
    return shape.holds(i, x, y) ? [x, y] : [data.communes.x[i], data.communes.y[i]];
  }

  // The number stands in the middle of the commune nearest to that of the zone.
  function anchor(zone) {
    var points = zone.communes.filter(function (i) {
      return data.topologie.areaStart[i] < data.topologie.areaStart[i + 1];
    }).map(middle);
    if (!points.length) { return null; }
    var x = 0, y = 0, best = Infinity, chosen = points[0];
    points.forEach(function (at) { x += at[0] / points.length; y += at[1] / points.length; });
    points.forEach(function (at) {
      var d = Math.pow(at[0] - x, 2) + Math.pow(at[1] - y, 2);
      if (d < best) { best = d; chosen = at; }
    });
    return data.repere.latlng(chosen[0], chosen[1]);
  }

  function dessinerZones(wanted) {
    var group = layers.zones;
    S.zones = wanted;
    if (!group) { return; }
    group.getLayers().forEach(function (layer) { if (layer !== canvases.zones) { group.removeLayer(layer); } });
    S.zones.forEach(function (zone) {
      var at = anchor(zone);
      if (!at) { return; }
      var number = msap.signes.marque(at, "zone", String(zone.rang), msap.fiches.titreZone(zone), 1500, function () { openZone(zone); });
      number.msapZone = zone;
      number.msapLibre = true;
      group.addLayer(number);
    });
    canvases.zones.redraw();
    later();
  }

  function openZone(zone) { msap.fiches.ouvrir(msap.fiches.zone(zone), anchor(zone), ["zone", zone.rang]); }

  function peindre(classes, sites, minutes) {
    S.peint = Uint8Array.from(classes);
    weigh(minutes);
    if (sites) { S.lieux = sites; }
    if (minutes) { S.minutes = minutes; }
    ["acces", "bassins"].forEach(function (kind) { if (canvases[kind]) { canvases[kind].redraw(); } });
    S.dits.peinture.forEach(function (fn) { fn(); });
  }

  // Colour communes by something else than time: {classes, classe}, or null to come back to it.
  function setTheme(wanted) {
    S.theme = wanted;
    if (canvases.acces) { canvases.acces.redraw(); }
  }

  // Whether a commune, as painted now, is beyond the first threshold.
  function beyond(i) { return S.peint[i] > 0; }

  var POSTES = { "Bureau de Poste": "rond", "Agence postale communale": "carre" };

  var makers = {
    acces: function () { weigh(); msap.pret(countClose); return canvas("acces", drawAccess); },
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
    villes: function () { return msap.noms.couche(); },
    poste: function () {
      return msap.signes.points(20, msap.signes.sites(["poste", "candidat"]), {
        fill: "#fff", stroke: "#7a4b00", width: 1.8, shape: function (genre) { return POSTES[genre] || "triangle"; }
      });
    },
    candidats: function () {
      var dots = msap.signes.points(21, msap.signes.sites(["candidat"]), {
        fill: GOLD, stroke: "#000", width: 1, shape: function () { return "petit"; }
      });
      canvases.candidats = dots;
      return L.layerGroup([dots]);
    },
    voisines: function () { return msap.signes.deRole("voisine"); },
    maisons: function () { return msap.signes.deRole("maison"); },
    itinerantes: function () { return msap.signes.deRole("itinerante"); }
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
    data = msap.donnees();
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
    if (!layers.acces || !S.carte.hasLayer(layers.acces)) { return -1; }
    var p = data.repere.of(latlng);
    return data.topologie.at(p.x, p.y);
  }

  function listen(map) {
    S.carte = map;
    map.on("moveend resize overlayadd overlayremove", settle);
    var tip = null, last = -2;
    map.on("click", function (event) {
      var site = siteAt(event.containerPoint), commune = site < 0 ? communeAt(event.latlng) : -1;
      if (site >= 0) { openSite(site); }
      else if (commune >= 0 && msap.vueDEnsemble()) { msap.entrer(commune); }
      else if (commune >= 0) { msap.fiches.ouvrir(msap.fiches.commune(commune), event.latlng, ["commune", commune]); }
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
        var theme = S.theme, whole = msap.vueDEnsemble();
        var node = el("span", whole ? msap.nomDeTerritoire(commune) : msap.fiches.titreCommune(commune));
        node.appendChild(el("small", whole ? msap.ditDeTerritoire(commune)
          : theme ? theme.classes[theme.classe[commune]].nom : data.classes[S.peint[commune]].nom));
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
      S.enLigne = false;
      map.eachLayer(function (layer) { S.enLigne = S.enLigne || layer instanceof L.TileLayer; });
      if (canvases.acces) { canvases.acces.redraw(); }
    });
  }

  // Signs first, then the names where they leave room; once, however many changes there were.
  var waiting = 0;

  function later() {
    if (!S.pret || waiting) { return; }
    waiting = requestAnimationFrame(function () { waiting = 0; settle(); });
  }

  function settle() {
    if (!S.pret) { return; }
    msap.signes.ranger();
    msap.noms.ranger();
  }

  // The map has its view: draw, and settle what stands on it.
  function begin() {
    S.pret = true;
    settle();
    msap.trace.reveiller(S.carte, data.repere);
  }

  // ---- Ways to show a thing -----------------------------------------------------------------

  function montrer(kind) { if (layers[kind] && !S.carte.hasLayer(layers[kind])) { S.carte.addLayer(layers[kind]); } }

  function showZone(rank) {
    var zone = S.zones.find(function (z) { return z.rang === rank; });
    if (!zone || !layers.zones) { return; }
    montrer("zones");
    openZone(zone);
    msap.cadrage.montrer(S.carte, zone.communes, 12);
  }

  function openSite(i) { msap.fiches.ouvrir(msap.fiches.site(i), msap.signes.site(i), ["site", data.sites.id[i]]); }

  function showSite(id) {
    var i = msap.donnees().rangSite[id];
    if (i === undefined || data.sites.lat[i] === null) { return; }
    S.carte.setView(msap.signes.site(i), Math.max(S.carte.getZoom(), 11), { animate: false });
    openSite(i);
  }

  function showCommune(i) {
    var drawn = data.topologie.areaStart[i] < data.topologie.areaStart[i + 1];
    msap.fiches.ouvrir(msap.fiches.commune(i), drawn ? data.repere.latlng(data.communes.x[i], data.communes.y[i]) : null, ["commune", i]);
    msap.cadrage.montrer(S.carte, [i], 12);
  }

  Object.assign(msap, {
    couche: couche, peindre: peindre, dessinerZones: dessinerZones,
    ecouter: listen, commencer: begin, ranger: later, montrerZone: showZone, montrerSite: showSite, montrerCommune: showCommune,
    surPeinture: function (fn) { S.dits.peinture.push(fn); }, theme: setTheme, auDela: beyond,
    couches: layers, faiseurs: makers, nouvelleToile: canvas, tracer: stroke,
    remplir: fill, hachures: hatch,
    // Whether the view is too wide for signs: ensemble.js answers, where a page has it.
    vueDEnsemble: function () { return false; }
  });
})();
