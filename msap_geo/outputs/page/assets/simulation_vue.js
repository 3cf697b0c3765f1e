// « Et si… », what its section of the panel says: each function fills one part of it from the result at
// hand. Words from data only ever go through textContent.
"use strict";
var msapVue = (function () {
  var el = msap.element, essai = msapEssai, E = null, parts = {}, MOST_ROWS = 150;

  function within(seuil) { return msap.court(seuil / 1000) + "\u202fmin"; }

  function first() { return within(E.seuils[0]); }

  function siteName(index) { return E.sites.nom[index] || E.sites.site_id[index]; }

  function add(parent, tag, text, className) { return parent.appendChild(el(tag, text, className)); }

  function signed(value, decimals) {
    return (value > 0 ? "+" : value < 0 ? "\u2212" : "") + msap.nombre(Math.abs(value), decimals);
  }

  // What differs between two numbers as they are shown: 33,6 to 32,4 is −1,2 whatever their next digits are.
  function gap(was, is, decimals) {
    function shown(value) { return Number(msap.nombre(value, decimals).replace(/\u202f/g, "").replace(",", ".").replace("\u2212", "-")); }
    return signed(shown(is) - shown(was), decimals);
  }

  function euros(value) { return msap.nombre(value) + "\u202f€"; }

  function plural(count, noun) { return msap.compte(count, noun); }

  function title() {
    var choice = essai.choix(), told = [];
    if (choice.ouverts.length) { told.push(plural(choice.ouverts.length, "ouverture")); }
    if (choice.fermes.length) { told.push(plural(choice.fermes.length, "fermeture")); }
    if (choice.arrets.length) { told.push(plural(choice.arrets.length, "arrêt de tournée") + " en plus ou en moins"); }
    return told.join(", ");
  }

  // ---- The sentence that is read aloud, and the list of what is chosen ---

  function sentence() {
    var moves = essai.resultat().mouvements, line = moves.seuils[0];
    if (essai.vide()) { return "Rien d’ouvert ni de fermé : les chiffres sont ceux d’aujourd’hui."; }
    return title() + " : " + plural(line.gagnes, "habitant") + " de plus à " + first() + " ou moins, " +
      msap.nombre(line.perdus) + " de moins\u202f; trajet plus court pour " + msap.nombre(moves.rapproches) +
      ", plus long pour " + msap.nombre(moves.eloignes) + "." + roundsSentence();
  }

  var COVERS = ["permanent", "itinérant", "aucun"];

  function roundsSentence() {
    var was = essai.base().tournees, is = essai.resultat().tournees;
    if (!is) { return ""; }
    var moved = COVERS.map(function (name, i) { return [name, is.habitants[i] - was.habitants[i]]; })
      .filter(function (one) { return one[1]; });
    return moved.length ? " Couverture, habitants : " + moved.map(function (one) { return one[0] + " " + signed(one[1]); }).join(", ") + "." : "";
  }

  // What two results say of rounds: name, one, the other, what differs.
  function roundsLines(was, is) {
    if (!is.tournees) { return []; }
    var names = ["Couverture permanente, habitants", "Itinérante seulement", "Aucune"];
    return names.map(function (name, i) {
      var x = was.tournees.habitants[i], y = is.tournees.habitants[i];
      return [name, msap.nombre(x), msap.nombre(y), signed(y - x)];
    }).concat([["Heures itinérantes à portée, par habitant et semaine", msap.nombre(was.tournees.moyenne, 2),
      msap.nombre(is.tournees.moyenne, 2), gap(was.tournees.moyenne, is.tournees.moyenne, 2)]]);
  }

  function total(zones) { return zones.reduce(function (sum, zone) { return sum + zone.population; }, 0); }

  // What becomes of the zones, people first: more zones may be fewer people.
  function zonesSentence() {
    var was = essai.base().zones, is = essai.resultat().zones;
    if (essai.vide() || (was.length === is.length && total(was) === total(is))) { return ""; }
    var smaller = is.length > was.length && total(is) < total(was) ? " plus petites" : "";
    return "Zones blanches : " + plural(total(was), "habitant") + " dans " + plural(was.length, "zone") + " aujourd’hui, " +
      msap.nombre(total(is)) + " dans " + plural(is.length, "zone") + smaller + " avec la simulation.";
  }

  function fillStatus() {
    parts.status.textContent = sentence();
    parts.zonesSaid.textContent = zonesSentence();
    var unknown = essai.inconnus();
    parts.unknown.hidden = !unknown.length;
    parts.unknown.textContent = unknown.length ? "Le lien nomme des sites inconnus de cette carte, laissés de côté : " +
      unknown.join(", ") + "." : "";
    var missing = essai.resultat().acces.inconnus, unsure = essai.resultat().acces.indecis;
    parts.missing.hidden = !missing;
    parts.missing.classList.toggle("msap-essai-alerte", unsure.communes > 0);
    parts.missing.textContent = unsure.communes ? "Toutes les Maisons dont cette carte porte les trajets ferment autour de " + plural(unsure.communes, "commune")
      + " (" + plural(unsure.habitants, "habitant") + "), comptées au-delà faute de mieux : msap-geo lancer --choix les recalcule." : missing ? "Cette carte ne porte pas tous les trajets : pour " + plural(missing, "commune") +
      ", le temps n’est connu que comme plus long que le dernier seuil. Classes, zones et habitants restent exacts." : "";
  }

  function fillChosen() {
    parts.chosen.textContent = "";
    var signs = msapPlan.signes();
    function line(index, word, undoing) {
      var item = add(parts.chosen, "li"), id = E.sites.site_id[index];
      add(item, "span", signs[index][1] || (word === "ouverte" ? "+" : "×"), "msap-signe msap-signe-" + word).setAttribute("aria-hidden", "true");
      var text = add(item, "span", "", "msap-essai-nom");
      text.appendChild(link(index));
      add(text, "small", (word === "ouverte" ? "ouverture, " : "fermeture, ") + (E.sites.commune[index] || ""));
      var button = item.appendChild(msap.bouton(undoing, function () { essai.mettre(id, false); parts.box.focus(); }));
      button.setAttribute("aria-label", undoing + " : " + siteName(index));
    }
    essai.choix().ouverts.forEach(function (index) { line(index, "ouverte", "Retirer"); });
    essai.choix().fermes.forEach(function (index) { line(index, "fermee", "Garder"); });
    essai.choix().arrets.forEach(stopLine);
  }

  function stopPlace(index) { return E.tournees.nom[index]; }

  function stopLine(index) {
    var item = add(parts.chosen, "li"), held = Boolean(E.tournees.tenu[index]);
    add(item, "span", held ? "×" : "+", "msap-signe msap-signe-" + (held ? "fermee" : "ouverte")).setAttribute("aria-hidden", "true");
    var text = add(item, "span", "", "msap-essai-nom");
    add(text, "span", E.tournees.mots[index]);
    add(text, "small", (held ? "arrêt de moins, " : "arrêt de plus, ") + stopPlace(index));
    var button = item.appendChild(msap.bouton(held ? "Garder" : "Retirer", function () {
      essai.mettreArret(index, held);
      (parts.stopsBox || parts.box).focus();
    }));
    button.setAttribute("aria-label", button.textContent + " : " + E.tournees.mots[index]);
  }

  function link(index) {
    var button = el("button", siteName(index), "msap-lien");
    button.type = "button";
    button.dataset.site = E.sites.site_id[index];
    button.title = "Montrer sur la carte";
    return button;
  }

  // ---- Before and after -------------------------------------------------------------------------

  function row(body, name, before, after, gap) {
    var line = add(body, "tr");
    add(line, "th", name).scope = "row";
    add(line, "td", before);
    add(line, "td", after);
    add(line, "td", gap);
  }

  // Unknown hours count for none, before as after: a mean over other people would not compare.
  function hours(r) { return r.heures.personnesMinutes / 60 / (r.seuils[0].population || 1); }

  function fillFigures() {
    var body = parts.figures.tBodies[0], was = essai.base(), is = essai.resultat();
    body.textContent = "";
    is.seuils.forEach(function (line, i) {
      var before = was.seuils[i];
      row(body, "Habitants à " + within(line.seuil),
        msap.nombre(before.couverts), msap.nombre(line.couverts), signed(line.couverts - before.couverts));
    });
    row(body, "Zones blanches", msap.nombre(was.zones.length), msap.nombre(is.zones.length),
      signed(is.zones.length - was.zones.length));
    row(body, "Communes au-delà de " + first(), msap.nombre(was.seuils[0].communes),
      msap.nombre(is.seuils[0].communes), signed(is.seuils[0].communes - was.seuils[0].communes));
    if (E.semaines.length) {
      row(body, "Heures ouvertes à portée, au moins, par habitant et semaine", msap.nombre(hours(was), 1),
        msap.nombre(hours(is), 1), gap(hours(was), hours(is), 1));
    }
    roundsLines(was, is).forEach(function (line) { row(body, line[0], line[1], line[2], line[3]); });
    is.groupes.forEach(function (group, i) {
      var before = was.groupes[i].couverts[0] / 1000, after = group.couverts[0] / 1000;
      row(body, capital(group.titre) + ", à " + first(), msap.nombre(before), msap.nombre(after),
        gap(before, after));
    });
    var mute = E.vaste ? 0 : essai.choix().ouverts.filter(function (index) { return E.horaires[index] < 0; }).length;
    parts.mute.hidden = !mute;
    parts.mute.textContent = mute ? "Horaires inconnus pour " + msap.compte(mute, "bureau ouvert") +
      " : leurs heures ne comptent pas." : "";
  }

  function capital(text) { return text.charAt(0).toUpperCase() + text.slice(1); }

  function fillWho() {
    var moves = essai.resultat().mouvements, box = parts.who;
    box.textContent = "";
    moves.seuils.forEach(function (line) {
      people(box, "Passent à " + within(line.seuil) + " ou moins", line.communesGagnees, line.gagnes);
      people(box, "Passent au-delà de " + within(line.seuil), line.communesPerdues, line.perdus);
    });
    if (!box.firstChild) { add(box, "p", "Aucune commune ne change de classe."); }
  }

  function people(box, text, communes, total) {
    if (!communes.length) { return; }
    add(box, "h3", text + " : " + plural(total, "habitant") + ", " + plural(communes.length, "commune"));
    var names = communes.slice().sort(function (a, b) { return E.population[b] - E.population[a]; });
    add(box, "p", names.map(function (c) {
      return msap.donnees().communes.nom[c] + " (" + msap.nombre(E.population[c]) + ")";
    }).join(", "));
  }

  function fillCosts() {
    var found = essai.resultat(), box = parts.costs, model = E.couts;
    box.textContent = "";
    if (found.couts.length) { byPayer(box, found.couts, found.epargne.length ? "Ce que coûtent les ouvertures" : "", 1); }
    if (found.epargne.length) {
      byPayer(box, found.epargne, "Ce qu’épargnent les fermetures", -1);
      var net = msapMoteur.netParAn(E, essai.choix());
      add(box, "p", "Ensemble : " + signed(Math.round(net.total)) + "\u202f€ par an, tous payeurs" +
        (Math.round(net.etat) ? ", dont État " + signed(Math.round(net.etat)) + "\u202f€" : "") + ".", "msap-essai-net");
    }
    add(box, "p", model.titre + " : " + model.source + ". " + model.remarques.join(" ") +
      (found.epargne.length ? " Une fermeture épargne le fonctionnement moyen d’une Maison ; ce qu’elle coûte elle-même (déménagement, agents) n’est pas chiffré." : ""), "msap-note");
  }

  function byPayer(box, rows, caption, sign) {
    var model = E.couts, table = add(box, "table", "", "msap-essai-couts");
    if (caption) { add(table, "caption", caption); }
    var head = add(add(table, "thead"), "tr");
    add(head, "th", "Payeur", "msap-nom").scope = "col";
    model.annees.forEach(function (year) { add(head, "th", String(year)).scope = "col"; });
    function sum(year, payer) {
      return sign * rows.reduce(function (total, r) {
        return total + ((payer === null || r.payeur === payer) && r.annee === year ? r.montant : 0);
      }, 0);
    }
    function line(parent, name, payer) {
      var made = add(parent, "tr");
      add(made, "th", name, "msap-nom").scope = "row";
      model.annees.forEach(function (year) { add(made, "td", (sign < 0 ? "\u2212" : "") + euros(Math.abs(sum(year, payer)))); });
    }
    var body = add(table, "tbody");
    model.payeurs.concat([model.porteur]).forEach(function (payer) {
      if (rows.some(function (r) { return r.payeur === payer && r.montant > 0; })) { line(body, payer, payer); }
    });
    line(add(table, "tfoot"), "Total", null);
  }

  // ---- What can still be chosen -----------------------------------------------------------------

  function tick(id, text, checked) {
    var box = el("input");
    box.type = "checkbox";
    box.checked = checked;
    box.dataset.essai = id;
    box.setAttribute("aria-label", text);
    box.addEventListener("change", function () { essai.mettre(id, box.checked); });
    return box;
  }

  function pickRow(body, index, text, checked, cells) {
    var line = add(body, "tr");
    add(line, "td").appendChild(tick(E.sites.site_id[index], text + " : " + siteName(index), checked));
    var name = add(line, "td", "", "msap-nom");
    name.appendChild(link(index));
    add(name, "small", E.sites.commune[index] || "");
    cells.forEach(function (cell) { add(line, "td", cell); });
    line.className = checked ? "msap-essai-choisi" : "";
  }

  // Rows are made anew: the box that had the focus finds it again.
  function refill(table, fill) {
    var active = /** @type {HTMLElement} */ (document.activeElement), held = active && table.contains(active) ? active.dataset.essai : undefined;
    var body = table.tBodies[0];
    body.textContent = "";
    Array.from(table.tHead.rows[0].cells).forEach(function (header) { header.removeAttribute("aria-sort"); });
    fill(body);
    if (held !== undefined) {
      Array.from(body.querySelectorAll("input")).forEach(function (box) {
        if (box.dataset.essai === held) { box.focus({ preventScroll: true }); }
      });
    }
  }

  // Rows whose name or commune holds the words looked for; so many at most, the best first.
  function wanted(list, lines, indexOf) {
    var words = msap.sansAccent(list.search.value).trim();
    var found = lines.filter(function (line) {
      var index = indexOf(line);
      return msapPlan.dedans(index) && (!words || msap.sansAccent(siteName(index) + " " + (E.sites.commune[index] || "")).indexOf(words) >= 0);
    });
    var hidden = found.length - MOST_ROWS;
    list.note.textContent = hidden > 0 ? "Et " + msap.nombre(hidden) + " autres : cherchez-les par leur nom ou leur commune."
      : found.length ? "" : "Aucun autre de ce nom.";
    return found.slice(0, MOST_ROWS);
  }

  // Rows stay where they are when one is ticked: in the order of today's ranking.
  function fillOffices() {
    var list = parts.offices, now = Object.create(null);
    essai.resultat().classement.forEach(function (line) { now[line.site] = line; });
    refill(list.table, function (body) {
      wanted(list, essai.base().classement, function (line) { return line.site; }).forEach(function (line) {
        var left = now[line.site];
        pickRow(body, line.site, "Ouvrir", !left, left ? [signed(left.gagnes), left.score === null ? "" : msap.nombre(left.score, 1)] : ["ouvert", ""]);
      });
    });
  }

  function fillMaisons() {
    var was = essai.base().fermetures, effect = essai.resultat().fermetures, closed = essai.choix().fermes, order = [];
    for (var i = 0; i < E.nMaisons; i += 1) { order.push(i); }
    order.sort(function (a, b) { return was.perdus[a] - was.perdus[b] || was.usagers[a] - was.usagers[b]; });
    refill(parts.maisons.table, function (body) {
      wanted(parts.maisons, order, function (index) { return index; }).forEach(function (index) {
        var shut = closed.indexOf(index) >= 0;
        pickRow(body, index, "Simuler la fermeture", shut,
          shut ? ["fermée", ""] : [msap.nombre(effect.usagers[index]), signed(-effect.perdus[index])]);
      });
    });
  }

  // Stops stay where they are when one is ticked: those of today, then those in project.
  function fillStops() {
    var T = E.tournees, found = essai.resultat().tournees, list = parts.stops, order = T.id.map(function (_, i) { return i; });
    refill(list.table, function (body) {
      var words = msap.sansAccent(list.search.value).trim();
      var wantedStops = order.filter(function (i) { return !words || msap.sansAccent(T.mots[i] + " " + stopPlace(i)).indexOf(words) >= 0; });
      var hidden = wantedStops.length - MOST_ROWS;
      list.note.textContent = hidden > 0 ? "Et " + msap.nombre(hidden) + " autres : cherchez-les par leur commune ou leur véhicule." : wantedStops.length ? "" : "Aucun autre de ce nom.";
      wantedStops.slice(0, MOST_ROWS).forEach(function (i) {
        var line = add(body, "tr"), box = add(line, "td").appendChild(el("input"));
        box.type = "checkbox";
        box.checked = Boolean(found.tenus[i]);
        box.dataset.essai = T.id[i];
        box.setAttribute("aria-label", "Tenir l’arrêt : " + T.mots[i] + ", " + stopPlace(i));
        box.addEventListener("change", function () { essai.mettreArret(i, box.checked); });
        var name = add(line, "td", T.mots[i], "msap-nom");
        add(name, "small", stopPlace(i) + (T.tenu[i] ? "" : ", en projet"));
        add(line, "td", msap.nombre(msapTournees.aServir(E, found, i)));
        line.className = essai.choix().arrets.indexOf(i) >= 0 ? "msap-essai-choisi" : "";
      });
    });
  }

  // The first communes of a list, those of most people, and how many others.
  function some(communes) {
    var names = communes.slice().sort(function (a, b) { return E.population[b] - E.population[a]; });
    var told = names.slice(0, 5).map(function (c) { return msap.donnees().communes.nom[c]; }).join(", ");
    return told + (names.length > 5 ? " et " + msap.compte(names.length - 5, "autre") : "");
  }

  return {
    parts: parts, brancher: function (engine) { E = engine; }, ajouter: add, premier: first, seuil: within, signe: signed, ecart: gap,
    nomDe: siteName, pluriel: plural, titre: title, lien: link, quelques: some,
    bilan: fillStatus, choisis: fillChosen, chiffres: fillFigures, qui: fillWho, couts: fillCosts,
    bureaux: fillOffices, maisons: fillMaisons, arrets: fillStops, lignesTournees: roundsLines, COUVERTURES: COVERS
  };
})();
