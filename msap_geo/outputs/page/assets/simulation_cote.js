// Two choices side by side: one kept (A), the one at hand (B), the figures of both, the communes that differ and
// their colour on the map. Words from data only ever go through textContent.
"use strict";
var msapCote = (function () {
  var el = msap.element, essai = msapEssai, vue = msapVue, add = vue.ajouter, E = null, kept = null, known = null, parts = {};
  var CLASSES = [
    { nom: "à portée avec A seulement", couleur: "#d95f0e", hachures: true },
    { nom: "à portée avec B seulement", couleur: "#2c7fb8", hachures: false },
    { nom: "à portée avec les deux", couleur: "#eef3e2", hachures: false },
    { nom: "au-delà avec les deux", couleur: "#77787c", hachures: false }
  ];

  function euros(value) { return msap.nombre(value) + "\u202f€"; }

  // ---- The kept choice, in the address too: A=03336A,03511A!12!stops (openings, closings, stops) -

  function ids(list) { return list.map(function (index) { return encodeURIComponent(E.sites.site_id[index]); }).join(","); }

  function fragment() {
    if (!kept) { return ""; }
    var stops = kept.arrets.map(function (i) { return encodeURIComponent(E.tournees.id[i]).replace(/!/g, "%21"); }).join(",");
    return "A=" + ids(kept.ouverts) + "!" + ids(kept.fermes) + (stops ? "!" + stops : "");
  }

  function read() {
    var found = /(?:^#|&)A=([^&]*)/.exec(location.hash);
    if (!found) { return null; }
    var ranks = [E.rang, E.rang, E.tournees ? E.tournees.rang : {}];
    var sides = found[1].split("!").slice(0, 3).map(function (side, i) {
      return side.split(",").map(function (word) {
        try { return ranks[i][decodeURIComponent(word)]; } catch (malformed) { return undefined; }
      });
    });
    function once(index, i, all) { return index !== undefined && all.indexOf(index) === i; }
    return {
      ouverts: (sides[0] || []).filter(function (index, i, all) { return index >= E.nMaisons && once(index, i, all); }),
      fermes: (sides[1] || []).filter(function (index, i, all) { return index < E.nMaisons && once(index, i, all); }),
      arrets: (sides[2] || []).filter(once)
    };
  }

  function keep(choice) {
    kept = choice;
    known = null;
    essai.ecrire();
    fill();
  }

  function first() {
    known = known || msapMoteur.calculer(E, kept);
    return known;
  }

  // ---- What differs -----------------------------------------------------------------------------

  function within(acces, c) { return acces.millimes[c] >= 0 && acces.millimes[c] <= E.seuils[0]; }

  function theme() {
    if (!kept) { return null; }
    var a = first().acces, b = essai.resultat().acces, classe = [];
    for (var c = 0; c < E.n; c += 1) {
      var byA = within(a, c), byB = within(b, c);
      classe.push(byA ? byB ? 2 : 0 : byB ? 1 : 3);
    }
    return { classes: CLASSES, classe: classe };
  }

  function row(name, a, b, gap) {
    var line = add(parts.body, "tr");
    add(line, "th", name).scope = "row";
    [a, b, gap].forEach(function (text) { add(line, "td", text); });
  }

  function perYear(choice) { return msapMoteur.netParAn(E, choice).total; }

  function fill() {
    if (!parts.box) { return; }
    parts.keep.textContent = kept ? "Retenir ce choix-ci comme A" : "Retenir ce choix (A) pour comparer";
    parts.box.hidden = !kept;
    if (!kept) { paint(); return; }
    var a = first(), b = essai.resultat(), choice = essai.choix();
    parts.body.textContent = "";
    row("Ouvertures", msap.nombre(kept.ouverts.length), msap.nombre(choice.ouverts.length), vue.signe(choice.ouverts.length - kept.ouverts.length));
    row("Fermetures", msap.nombre(kept.fermes.length), msap.nombre(choice.fermes.length), vue.signe(choice.fermes.length - kept.fermes.length));
    a.seuils.forEach(function (line, i) {
      row("Habitants à " + vue.seuil(line.seuil), msap.nombre(line.couverts), msap.nombre(b.seuils[i].couverts), vue.signe(b.seuils[i].couverts - line.couverts));
    });
    if (E.tournees) {
      row("Arrêts de tournées changés", msap.nombre(kept.arrets.length), msap.nombre(choice.arrets.length), vue.signe(choice.arrets.length - kept.arrets.length));
      vue.lignesTournees(a, b).forEach(function (line) { row(line[0], line[1], line[2], line[3]); });
    }
    row("Zones blanches", msap.nombre(a.zones.length), msap.nombre(b.zones.length), vue.signe(b.zones.length - a.zones.length));
    var was = perYear(kept), is = perYear(choice);
    row("Euros par an", euros(was), euros(is), vue.ecart(was, is) + "\u202f€");
    var moves = msapMoteur.mouvements(E, a.acces, b.acces).seuils[0];
    parts.differ.textContent = "";
    [["A seul met à " + vue.premier(), moves.communesPerdues, moves.perdus], ["B seul met à " + vue.premier(), moves.communesGagnees, moves.gagnes]].forEach(function (side) {
      var names = side[1].slice().sort(function (x, y) { return E.population[y] - E.population[x]; });
      var words = side[0] + " : " + (names.length ? msap.compte(side[2], "habitant") + ", " + msap.compte(names.length, "commune") + " : "
        + names.map(function (c) { return msap.donnees().communes.nom[c]; }).join(", ") : "aucune commune") + ".";
      add(parts.differ, "p", words, "msap-cote-communes");
    });
    paint();
  }

  // The map shows the difference while its box is ticked.
  function paint() {
    var wanted = Boolean(kept && parts.show.checked);
    if (wanted) { msap.theme(theme()); } else if (parts.painted) { msap.theme(null); }
    if (wanted || parts.painted) {
      document.querySelectorAll("[data-theme]").forEach(function (legend) { legend.hidden = legend.dataset.theme !== (wanted ? "cote" : "acces"); });
      parts.themes.value = "acces";
    }
    parts.painted = wanted;
  }

  // The legend on the map tells what the map shows; another colour asked for there ends this one.
  function buildLegend() {
    var box = el("div"), list = el("ul", "", "msap-legende"), usual = document.querySelector("[data-theme='acces']");
    box.dataset.theme = "cote";
    box.hidden = true;
    box.appendChild(el("h2", "Communes à " + vue.premier() + " ou moins, selon le choix"));
    box.appendChild(list);
    CLASSES.forEach(function (line) {
      var item = add(list, "li"), swatch = add(item, "span", "", "msap-pastille" + (line.hachures ? " msap-hachures" : ""));
      swatch.style.backgroundColor = line.couleur;
      add(item, "span", line.nom);
    });
    usual.before(box);
    parts.themes = document.getElementById("msap-theme");
    parts.themes.addEventListener("change", function () { parts.show.checked = parts.painted = false; });
  }

  function build(section, engine) {
    E = engine;
    parts.keep = msap.bouton("", function () { keep({ ouverts: essai.choix().ouverts.slice(), fermes: essai.choix().fermes.slice(), arrets: essai.choix().arrets.slice() }); });
    add(section, "p", "", "msap-essai-outils").appendChild(parts.keep);
    parts.box = add(section, "div", "", "msap-cote-choix");
    add(parts.box, "h3", "Deux choix côte à côte");
    var table = add(parts.box, "table", "", "msap-essai-chiffres"), head = add(add(table, "thead"), "tr");
    ["Chiffre", "Choix A", "Choix B (à l’écran)", "Écart"].forEach(function (name) { add(head, "th", name).scope = "col"; });
    parts.body = add(table, "tbody");
    parts.differ = add(parts.box, "div", "", "msap-note");
    var label = add(parts.box, "label", "", "msap-ecran");
    parts.show = add(label, "input");
    parts.show.type = "checkbox";
    add(label, "span", " Colorer la carte par ce qui diffère");
    parts.show.addEventListener("change", paint);
    buildLegend();
    var tools = add(parts.box, "p", "", "msap-essai-outils");
    tools.appendChild(msap.bouton("Passer à A", function () { var a = kept; keep(essai.choix()); essai.prendre(a); }));
    tools.appendChild(msap.bouton("Ne plus comparer", function () { parts.show.checked = false; keep(null); parts.keep.focus(); }));
  }

  return { construire: build, remplir: fill, fragment: fragment, relire: function () { kept = read(); known = null; }, classes: theme };
})();
