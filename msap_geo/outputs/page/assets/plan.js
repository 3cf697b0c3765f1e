// « Combien de bureaux ? » : for each number of offices the proven plan, what it brings and costs, how sure it
// is; and beside it the choice of the reader. Words from data only ever go through textContent.
"use strict";
var msapPlan = (function () {
  var essai = msapEssai, vue = msapVue, add = vue.ajouter, parts = {}, E = null;
  var PROPOSED = 3, STEP = 10000, mode = "nombre", budget = null, SVG = "http://www.w3.org/2000/svg";

  // Of a wide territory, simulation_vaste.js tells the plans and the sites of one département.
  var scope = { plans: function () { return E.plans; }, dedans: function (index) { return index >= 0; }, zone: function (zone) { return Boolean(zone); }, entiere: function () { return true; } };

  function plans() { return scope.plans(); }

  // The choice within what is told, and what is chosen elsewhere.
  function here() { return part(scope.dedans); }

  function elsewhere() { return part(function (index) { return !scope.dedans(index); }); }

  function part(held) {
    var choice = essai.choix();
    return { ouverts: choice.ouverts.filter(held), fermes: choice.fermes.filter(held) };
  }

  function nothing() { return scope.entiere() ? essai.vide() : !here().ouverts.length && !here().fermes.length; }

  function replace(ids) {
    if (scope.entiere()) { essai.remplacer(ids); return; }
    essai.prendre({ ouverts: elsewhere().ouverts.concat(ranks(ids)), fermes: elsewhere().fermes, arrets: essai.choix().arrets });
  }

  function ranks(ids) { return ids.map(function (id) { return E.rang[id]; }); }

  function euros(value) { return msap.nombre(value) + "\u202f€"; }

  // The plan that is told: the one of as many openings, or the one proposed while nothing is chosen.
  function plan() {
    if (!E || !plans().length) { return null; }
    var n = here().ouverts.length;
    return plans()[Math.min(n || PROPOSED, plans().length) - 1];
  }

  function isPlan(found) {
    var choice = here(), held = ranks(found.sites);
    return !choice.fermes.length && choice.ouverts.length === held.length
      && held.every(function (index) { return choice.ouverts.indexOf(index) >= 0; });
  }

  function cost(indices) { return msapMoteur.parAn(E, msapMoteur.couts(E, indices)); }

  function costWords(spent) {
    var state = spent.total ? spent.etat / spent.total : 0;
    return euros(spent.total) + " par an" + (state ? ", dont État " + euros(spent.etat) + " (" + msap.part(state, 0) + ")" : "");
  }

  function offices(n) { return msap.nombre(n) + (n > 1 ? " bureaux" : " bureau"); }

  function proof(found) {
    if (found.statut === "optimal") { return "Choix prouvé : aucun autre " + (found.n > 1 ? "de " + offices(found.n) : "bureau") + " ne gagne plus d’habitants."; }
    return "Meilleur choix trouvé ; aucun ne gagne plus de " + msap.nombre(found.borne - found.valeur + found.gain) + " habitants.";
  }

  function fragile(found) {
    return found.fragile ? msap.compte(found.fragile, "habitant") + " de ce gain "
      + (found.fragile > 1 ? "sont" : "est") + " à moins d’une minute du seuil." : "";
  }

  function either(words) { return words.slice(0, -1).join(", ") + (words.length > 1 ? " ou " : "") + words[words.length - 1]; }

  function names(found) {
    return found.sites.map(function (id, k) {
      return either([id].concat(found.variantes[k]).map(function (one) { return vue.nomDe(E.rang[one]); }));
    });
  }

  // ---- The slider, its words ----------------------------------------------------------------

  function valueWords(n) {
    if (!n) { return "aujourd’hui, aucun bureau ouvert"; }
    var found = plans()[n - 1];
    return offices(n) + ", " + msap.compte(found.gain, "habitant").replace(/\u00a0/, " ") + ", " + euros(cost(ranks(found.sites)).total) + " par an";
  }

  // By number, or by what one may spend a year: the plan of most people that costs no more.
  function affordable(budget) {
    var best = /** @type {{n: number, gain: number, sites: string[]} | null} */ (null);
    plans().forEach(function (one) { if (cost(ranks(one.sites)).total <= budget + 0.5) { best = one; } });
    return best;
  }

  function dearest() { return plans().reduce(function (most, one) { return Math.max(most, cost(ranks(one.sites)).total); }, 0); }

  function atLeast(value) { return STEP * Math.ceil((value - 0.5) / STEP); }

  function budgetWords(budget) {
    var found = affordable(budget);
    return euros(budget) + " par an : " + (found ? offices(found.n) + ", " + msap.compte(found.gain, "habitant").replace(/\u00a0/, " ") : "aucun bureau");
  }

  function buildModes(section) {
    var group = add(section, "fieldset", "", "msap-plan-mode msap-ecran");
    add(group, "legend", "Choisir le plan par", "msap-invisible");
    [["nombre", "Par nombre"], ["budget", "Par budget"]].forEach(function (one) {
      var label = add(group, "label"), box = add(label, "input");
      box.type = "radio";
      box.name = "msap-plan-mode";
      box.value = one[0];
      box.checked = one[0] === mode;
      box.addEventListener("change", function () { mode = box.value; budget = null; fillSlider(); fillSure(plan()); });
      add(label, "span", one[1]);
    });
  }

  function buildSlider(section) {
    buildModes(section);
    var row = add(section, "div", "", "msap-plan-reglage");
    parts.label = add(row, "label", "");
    parts.label.htmlFor = "msap-plan-nombre";
    parts.output = add(row, "output", "");
    parts.range = add(row, "input");
    parts.range.id = "msap-plan-nombre";
    parts.range.type = "range";
    parts.range.min = "0";
    parts.output.htmlFor = "msap-plan-nombre";
    parts.range.setAttribute("aria-describedby", "msap-plan-phrase");
    parts.range.addEventListener("input", function () {
      var value = Number(parts.range.value), found = null;
      if (mode === "budget") { budget = value; found = affordable(value); } else if (value) { found = plans()[value - 1]; }
      replace(found ? found.sites : []);
      // The same plan for a few more euros: nothing else changes.
      fillSlider();
      fillSure(plan());
    });
  }

  // The handle tells a sum asked for as long as its plan is the choice; else what the choice costs.
  function fillBudget() {
    var found = budget === null ? null : affordable(budget);
    if (budget === null || !(found ? isPlan(found) : nothing())) { budget = atLeast(cost(here().ouverts).total); }
    parts.range.step = String(STEP);
    parts.range.max = String(atLeast(Math.max(dearest(), budget)));
    parts.range.value = String(budget);
    found = affordable(budget);
    var own = nothing() || (found && isPlan(found)) ? "" : "votre choix : ";
    parts.range.setAttribute("aria-valuetext", own ? own + vue.titre() + ", " + euros(budget) + " par an" : budgetWords(budget));
    parts.output.textContent = euros(budget);
  }

  function fillSlider() {
    parts.label.textContent = mode === "budget" ? "Quel budget par an ?" : "Combien de bureaux ?";
    if (mode === "budget") { fillBudget(); return; }
    var n = Math.min(here().ouverts.length, plans().length), found = n ? plans()[n - 1] : null;
    parts.range.step = "1";
    parts.range.max = String(plans().length);
    parts.range.value = String(n);
    var own = nothing() || (found && isPlan(found)) ? "" : "votre choix : ";
    parts.range.setAttribute("aria-valuetext", own ? own + vue.titre() : valueWords(n));
    parts.output.textContent = String(here().ouverts.length);
  }

  // One price for all: the most offices a sum pays for is the best it can buy. Else a mixture may do better.
  function onePrice() {
    var prices = E.couts.genres, first = null;
    return Object.keys(prices).every(function (kind) {
      var told = prices[kind].investissement + " " + prices[kind].fonctionnement;
      first = first || told;
      return told === first;
    });
  }

  function affordWords() {
    if (mode !== "budget" || budget === null) { return ""; }
    var found = affordable(budget), left = budget - (found ? cost(ranks(found.sites)).total : 0);
    if (!found) { return plans().length ? "Ce budget ne paie aucun bureau : le premier coûte " + euros(cost(ranks(plans()[0].sites)).total) + " par an." : ""; }
    return (isPlan(found) && Math.round(left) ? "Reste " + euros(left) + " par an. " : "")
      + (onePrice() ? "" : "Les bureaux n’ont pas tous le même prix : msap-geo optimiser --budget cherche aussi d’autres assortiments.");
  }

  // ---- The plan in words ---------------------------------------------------------------------

  function fillPhrase(found) {
    var spent = cost(ranks(found.sites)), box = parts.phrase;
    box.textContent = "";
    add(box, "span", (nothing() ? "Proposition : " : "Meilleur choix de ") + offices(found.n) + " : ");
    add(box, "strong", "+" + msap.nombre(found.gain)).dataset.chiffre = "plan-gain";
    add(box, "span", " habitants à " + vue.premier() + " ou moins");
    parts.price.textContent = costWords(spent);
    fillSure(found);
  }

  function fillSure(found) {
    parts.sure.textContent = [affordWords(), proof(found), fragile(found)].filter(Boolean).join(" ");
  }

  function fillList(found) {
    var list = parts.list;
    list.textContent = "";
    found.sites.forEach(function (id, k) {
      var item = add(list, "li"), index = E.rang[id], open = essai.choisi(id);
      add(item, "span", String(k + 1), "msap-signe msap-signe-" + (open ? "ouverte" : "proposee")).setAttribute("aria-hidden", "true");
      var text = add(item, "span", "", "msap-essai-nom");
      text.appendChild(vue.lien(index));
      found.variantes[k].forEach(function (other, i, all) {
        add(text, "span", i < all.length - 1 ? ", " : " ou ");
        text.appendChild(vue.lien(E.rang[other]));
      });
      add(text, "small", "dans " + msap.part(found.tenus[k], 0) + " des plans à 1\u202f% près");
      add(item, "span", "+" + msap.nombre(found.apports[k]), "msap-compte");
    });
  }

  // A choice of one's own beside the plan of as many: people, euros, and who loses by it.
  function fillGap(found) {
    var box = parts.gap, choice = here(), other = elsewhere();
    box.textContent = "";
    box.hidden = nothing() || isPlan(found);
    if (box.hidden) { return; }
    var planned = { ouverts: other.ouverts.concat(ranks(found.sites)), fermes: other.fermes }, n = choice.ouverts.length;
    var moves = msapMoteur.mouvements(E, msapMoteur.accesDe(E, planned), essai.resultat().acces).seuils[0], gap = moves.gagnes - moves.perdus;
    var spent = msapMoteur.netParAn(E, choice).total - cost(ranks(found.sites)).total;
    var with_ = n === found.n ? "le plan de " + offices(found.n) : "le plus grand plan cherché, " + offices(found.n);
    if (!n) { with_ = "le plan proposé de " + offices(found.n); }
    add(box, "p", "Votre choix, à côté de ce plan : " + vue.signe(gap) + " habitants à " + vue.premier() + ", "
      + (Math.round(spent) ? (spent > 0 ? "+" : "−") + euros(Math.abs(spent)) + " par an" : "même coût") + " (" + with_ + ").", "msap-plan-ecart");
    [["Y perdent", moves.communesPerdues, moves.perdus], ["Y gagnent", moves.communesGagnees, moves.gagnes]].forEach(function (side) {
      if (side[1].length) { add(box, "p", side[0] + " : " + msap.compte(side[2], "habitant") + ", " + vue.quelques(side[1]) + ".", "msap-note"); }
    });
    var button = box.appendChild(msap.bouton("Simuler ce plan", function () { replace(found.sites); }));
    button.className = "msap-plan-essayer";
  }

  // ---- The curve ------------------------------------------------------------------------------

  function draw(tag, attributes, parent) {
    var node = document.createElementNS(SVG, tag);
    Object.keys(attributes).forEach(function (name) { node.setAttribute(name, attributes[name]); });
    return parent.appendChild(node);
  }

  // What the choice brings here, whatever is chosen elsewhere.
  function ownGain() {
    var other = elsewhere(), is = essai.resultat();
    if (!other.ouverts.length && !other.fermes.length) { return is.seuils[0].couverts - essai.base().seuils[0].couverts; }
    var moves = msapMoteur.mouvements(E, msapMoteur.accesDe(E, other), is.acces).seuils[0];
    return moves.gagnes - moves.perdus;
  }

  function fillCurve(found) {
    var svg = parts.curve, wide = 356, high = 84, left = 6, top = 16, most = plans()[plans().length - 1].gain || 1;
    var mine = ownGain(), n = here().ouverts.length;
    var longest = Math.max(plans().length, n), peak = Math.max(most, mine, 1), floor = Math.min(0, mine);
    svg.textContent = "";
    // One plan and today are two points: words say them.
    svg.toggleAttribute("hidden", longest < 2);
    parts.mine.hidden = longest < 2;
    svg.setAttribute("viewBox", "0 0 " + wide + " " + (high + 18));
    function x(k) { return left + 10 + k * (wide - 2 * left - 20) / longest; }
    function y(gain) { return top + (peak - gain) / (peak - floor) * (high - top); }
    draw("line", { x1: left, x2: wide - left, y1: y(0), y2: y(0), "class": "msap-courbe-axe" }, svg);
    var path = "M" + x(0) + " " + y(0);
    plans().forEach(function (one) { path += " L" + x(one.n) + " " + y(one.gain); });
    draw("path", { d: path, "class": "msap-courbe-trait" }, svg);
    plans().forEach(function (one) {
      draw("circle", { cx: x(one.n), cy: y(one.gain), r: one === found ? 5 : 3, "class": one === found ? "msap-courbe-plan" : "msap-courbe-point" }, svg);
      if (plans().length <= 12 || one.n % 5 === 0) { draw("text", { x: x(one.n), y: high + 14, "text-anchor": "middle" }, svg).textContent = String(one.n); }
    });
    var said = draw("text", { x: Math.min(Math.max(x(found.n), 40), wide - 46), y: Math.max(y(found.gain) - 8, 10), "text-anchor": "middle", "class": "msap-courbe-dit" }, svg);
    said.textContent = "+" + msap.nombre(found.gain);
    draw("path", { d: "M" + x(n) + " " + (y(mine) - 6) + " l6 6 l-6 6 l-6 -6 z", "class": "msap-courbe-moi" }, svg);
    svg.setAttribute("aria-label", "Habitants gagnés selon le nombre de bureaux : " + plans().map(function (one) {
      return one.n + ", " + msap.nombre(one.gain);
    }).join(" ; ") + ". Votre choix : " + n + ", " + msap.nombre(mine) + ".");
    parts.mine.textContent = "Habitants gagnés selon le nombre de bureaux. Losange : "
      + (nothing() ? "aujourd’hui." : "votre choix, " + vue.signe(mine) + ".");
  }

  function buildTable(section) {
    var box = add(section, "details", "", "msap-essai-pli msap-ecran");
    add(box, "summary", "Tous les plans, en tableau");
    box.addEventListener("toggle", function () {
      if (!box.open || box.querySelector("table")) { return; }
      var frame = add(box, "div", "", "msap-defile");
      frame.tabIndex = 0;
      frame.setAttribute("role", "region");
      frame.setAttribute("aria-label", "Tous les plans");
      var table = add(frame, "table", "", "msap-plan-table"), head = add(add(table, "thead"), "tr");
      ["n", "Hab. gagnés", "€ par an", "dont État", "À une minute près"].forEach(function (name) {
        add(head, "th", name).scope = "col";
      });
      // Names under the figures: beside them the table is wider than a telephone, or the panel.
      plans().forEach(function (one) {
        var group = add(table, "tbody"), line = add(group, "tr"), spent = cost(ranks(one.sites)), first = add(line, "th", String(one.n));
        first.scope = "rowgroup";
        [one.gain, spent.total, spent.etat, one.fragile].forEach(function (value) { add(line, "td", msap.nombre(value)); });
        add(add(group, "tr"), "td", names(one).join(", ") + (one.statut === "optimal" ? "" : " (non prouvé)"), "msap-nom").colSpan = 5;
      });
      add(box, "p", E.couts.titre + " : " + E.couts.source + ".", "msap-note");
    });
  }

  // ---- The section itself -----------------------------------------------------------------------

  function fill() {
    var found = plan();
    if (parts.section) { parts.section.hidden = !found; }
    if (!found || !parts.section) { return; }
    fillSlider();
    fillPhrase(found);
    fillList(found);
    fillGap(found);
    fillCurve(found);
  }

  function build(engine) {
    var host = document.getElementById("msap-plan");
    E = engine;
    if (!host || (!E.plans.length && !E.plansDe)) { return; }
    var section = parts.section = add(host, "section", "", "msap-plan"), heading = add(section, "h2", "Le plan", "msap-invisible");
    heading.id = "msap-plan-titre";
    section.setAttribute("aria-labelledby", heading.id);
    buildSlider(section);
    parts.phrase = add(section, "p", "", "msap-plan-phrase");
    parts.phrase.id = "msap-plan-phrase";
    parts.price = add(section, "p", "", "msap-plan-prix");
    parts.price.dataset.chiffre = "plan-prix";
    parts.list = add(section, "ol", "", "msap-plan-liste");
    parts.sure = add(section, "p", "", "msap-note msap-plan-sure");
    parts.gap = add(section, "div", "", "msap-plan-compare");
    parts.curve = section.appendChild(document.createElementNS(SVG, "svg"));
    parts.curve.setAttribute("class", "msap-courbe");
    parts.curve.setAttribute("role", "img");
    parts.mine = add(section, "p", "", "msap-note msap-ecran");
    buildTable(section);
  }

  // What each office is on the map: its number in the plan, open or proposed.
  function signs() {
    var found = plan(), said = {};
    if (found) {
      found.sites.forEach(function (id, k) { said[E.rang[id]] = ["proposee", String(k + 1)]; });
    }
    essai.choix().ouverts.forEach(function (index) {
      said[index] = ["ouverte", said[index] ? said[index][1] : ""];
    });
    essai.choix().fermes.forEach(function (index) { said[index] = ["fermee", ""]; });
    return said;
  }

  return { construire: build, remplir: fill, signes: signs, plan: plan, limiter: function (one) { scope = one; }, dedans: function (index) { return scope.dedans(index); }, deZone: function (zone) { return scope.zone(zone); } };
})();
