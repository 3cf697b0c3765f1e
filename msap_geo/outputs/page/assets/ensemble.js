// The view of a whole country or region, too wide for signs to be told apart: départements coloured by a
// figure one chooses; a click goes in. Below that zoom the map is that of the communes.
"use strict";
(function () {
  var el = msap.element, S = msap.etat, SMALLEST = 9, side = null, shown = null, figure = 0, known = null, entered = [], today = [];
  var COLOURS = ["#ffffcc", "#c7e9b4", "#7fcdbb", "#41b6c4", "#225ea8"];
  // nul: what nothing is called, where nothing is a class of its own.
  var FIGURES = [
    { nom: function () { return "part " + far(); }, nul: "aucun habitant", mot: function (d) { return msap.part(d.people ? d.beyond / d.people : null); },
      de: function (d) { return d.people ? d.beyond / d.people : 0; }, unite: function (x) { return msap.court(100 * x) + "\u202f%"; } },
    { nom: function () { return "habitants " + far(); }, nul: "aucun habitant", mot: function (d) { return msap.compte(d.beyond, "habitant") + " au-delà"; },
      de: function (d) { return d.beyond; }, unite: function (x) { return msap.nombre(x); } },
    { nom: function () { return "temps moyen des habitants"; }, nul: "", mot: function (d) { return msap.minutes(d.timed ? d.minutes / d.timed : null); },
      de: function (d) { return d.timed ? d.minutes / d.timed : 99; }, unite: function (x) { return msap.court(x) + "\u202fmin"; } }
  ];

  function data() { return msap.donnees(); }

  function far() { return "au-delà de " + msap.court(data().seuils[0]) + "\u202fmin"; }

  // Mean width of a commune, on the grid.
  function width() {
    if (side !== null) { return side; }
    var box = data().topologie.box, area = 0, n = 0;
    for (var i = 0; i < data().topologie.areas; i += 1) {
      if (box[4 * i] > box[4 * i + 2]) { continue; }
      area += (box[4 * i + 2] - box[4 * i]) * (box[4 * i + 3] - box[4 * i + 1]);
      n += 1;
    }
    side = Math.sqrt(area / Math.max(1, n));
    return side;
  }

  function wide() {
    if (!S.carte || !data().ensemble) { return false; }
    var map = S.carte, k = map.options.crs.scale(map.getZoom()) * data().repere.step;
    return width() * k < SMALLEST;
  }

  // The figures of each département, as the map is painted now.
  function sums() {
    if (known && known.of === S.peint) { return known; }
    var c = data().communes, all = data().departements.map(function () { return { people: 0, beyond: 0, minutes: 0, timed: 0 }; });
    c.departement.forEach(function (d, i) {
      all[d].people += c.population[i];
      if (msap.auDela(i)) { all[d].beyond += c.population[i]; }
      if (S.minutes[i] !== null) { all[d].timed += c.population[i]; all[d].minutes += c.population[i] * S.minutes[i]; }
    });
    known = { of: S.peint, all: all };
    return known;
  }

  // The roundest number that tells two values apart.
  function between(low, high) {
    for (var digits = 0; digits < 15; digits += 1) {
      var step = Math.pow(10, Math.floor(Math.log10(high)) - digits), found = Math.ceil(low / step) * step;
      if (found <= low) { found += step; }
      if (found <= high) { return Number(found.toPrecision(12)); }
    }
    return high;
  }

  // As many départements in each class, round bounds between them: those of today, that a trial does not move.
  function boundsOf(one) {
    if (one.bornes) { return one.bornes; }
    var values = today.map(one.de).filter(function (value) { return !one.nul || value > 0; }).sort(function (a, b) { return a - b; });
    var parts = one.nul ? COLOURS.length - 1 : COLOURS.length;
    one.bornes = [];
    for (var i = 1; i < parts; i += 1) {
      var at = Math.round(i * values.length / parts), low = values[at - 1], high = values[at], last = one.bornes[one.bornes.length - 1];
      if (at > 0 && low < high && (last === undefined || last <= low)) { one.bornes.push(between(low, high)); }
    }
    return one.bornes;
  }

  function classOf(value) {
    var one = FIGURES[figure], bounds = boundsOf(one), rank = one.nul && value > 0 ? 1 : 0;
    for (var i = 0; i < bounds.length; i += 1) { if (value >= bounds[i]) { rank += 1; } }
    return rank;
  }

  function legendLines() {
    var one = FIGURES[figure], b = boundsOf(one), lines = one.nul ? [one.nul] : [];
    if (!b.length) { lines.push(one.nul ? "certains" : "tous"); }
    b.forEach(function (bound, i) {
      lines.push(i === 0 ? "moins de " + one.unite(bound) : "de " + one.unite(b[i - 1]) + " à moins de " + one.unite(bound));
    });
    if (b.length) { lines.push(one.unite(b[b.length - 1]) + " et plus"); }
    return lines.map(function (words, i) {
      return { nom: words, couleur: COLOURS[Math.round(i * (COLOURS.length - 1) / Math.max(1, lines.length - 1))], hachures: false };
    });
  }

  function theme() {
    var of = sums().all.map(function (d) { return classOf(FIGURES[figure].de(d)); });
    return { classes: legendLines(), classe: data().communes.departement.map(function (d) { return of[d]; }) };
  }

  // ---- Its legend, and the passage from one view to the other ---------------------------------

  function fillLegend(box) {
    var list = box.querySelector("ul");
    list.textContent = "";
    legendLines().forEach(function (line) {
      var item = list.appendChild(el("li")), swatch = item.appendChild(el("span", "", "msap-pastille"));
      swatch.style.backgroundColor = line.couleur;
      item.appendChild(el("span", line.nom));
    });
    var one = FIGURES[figure], parts = boundsOf(one).length + 1;
    box.querySelector(".msap-ensemble-classes").textContent = parts < 2 ? "" : (one.nul ? "Les départements concernés" : "Les départements")
      + " en " + parts + " classes d’effectif égal, sur les chiffres d’aujourd’hui.";
  }

  function build() {
    var legend = document.querySelector(".msap-cle");
    var box = el("div", "", "msap-ensemble-cle"), label = el("label", "Couleur des départements "), select = el("select");
    FIGURES.forEach(function (one, i) {
      var option = select.appendChild(el("option", one.nom()));
      option.value = String(i);
    });
    select.addEventListener("change", function () {
      figure = Number(select.value);
      fillLegend(box);
      if (S.toiles.acces) { S.toiles.acces.redraw(); }
    });
    label.appendChild(select);
    box.appendChild(label);
    box.appendChild(el("ul", "", "msap-legende"));
    box.appendChild(el("p", "", "msap-note msap-ensemble-classes"));
    box.appendChild(el("p", "Cliquez un département pour y entrer : communes, zones et signes paraissent.", "msap-note"));
    legend.insertBefore(box, legend.children[1] || null);
    fillLegend(box);
    return box;
  }

  function turn(box) {
    var now = wide();
    if (now === shown) { return; }
    shown = now;
    box.hidden = !now;
    document.documentElement.classList.toggle("msap-ensemble", now);
    // Signs go as one draws back; a card asked for as one comes nearer stays.
    if (now) { msap.fiches.fermer(); }
  }

  // The legend of communes is taller than that of départements: what it would hide is framed again, and where
  // that leaves no room it is folded.
  function show(inside) {
    var key = /** @type {HTMLDetailsElement | null} */ (document.querySelector("details.msap-cle")), before = S.carte.getZoom();
    msap.cadrage.montrer(S.carte, inside);
    var near = S.carte.getZoom();
    if (wide() || (msap.cadrage.montrer(S.carte, inside) && near - S.carte.getZoom() < 1) || !key || !key.open || near === before) { return; }
    key.open = false;
    msap.cadrage.montrer(S.carte, inside);
  }

  function enter(commune) {
    var at = data().communes.departement[commune], inside = [];
    data().communes.departement.forEach(function (d, i) { if (d === at) { inside.push(i); } });
    show(inside);
    entered.forEach(function (fn) { fn(data().departements[at].code); });
  }

  Object.assign(msap, {
    vueDEnsemble: wide, themeDEnsemble: theme, entrer: enter, montrerTerritoire: show, surEntree: function (fn) { entered.push(fn); },
    nomDeTerritoire: function (i) {
      var one = data().departements[data().communes.departement[i]];
      return one.nom + " (" + one.code + ")";
    },
    ditDeTerritoire: function (i) { return FIGURES[figure].mot(sums().all[data().communes.departement[i]]); },
    ensemble: function (map) {
      if (!data().ensemble) { return; }
      today = sums().all;
      var box = build();
      map.on("zoomend viewreset", function () { turn(box); });
      turn(box);
    }
  });
})();
