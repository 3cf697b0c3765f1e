// « Et si… » : the choice of the reader, its history, its address, its exports.
// Nothing here computes a figure: simulation_moteur.js does.
"use strict";
var msapEssai = (function () {
  var FORMAT = "msap-geo-choix", VERSION = 1;
  var E = null, past = [], future = [], now = null, result = null, base = null, listeners = [];

  // arrets: stops of rounds moved, those of today dropped and those in project held.
  function empty() { return { ouverts: [], fermes: [], arrets: [] }; }

  function isEmpty() { return !now.ouverts.length && !now.fermes.length && !now.arrets.length; }

  function same(a, b) {
    return ["ouverts", "fermes", "arrets"].every(function (key) { return a[key].join() === b[key].join(); });
  }

  function compute() {
    result = msapMoteur.calculer(E, now);
    if (isEmpty()) { base = result; }
    base = base || msapMoteur.calculer(E, empty());
    listeners.forEach(function (fn) { fn(); });
  }

  // Every change goes through here, so that it can be undone.
  function change(next) {
    if (same(next, now)) { return; }
    past.push(now);
    future = [];
    now = next;
    write();
    compute();
  }

  function with_(list, index, present) {
    var rest = list.filter(function (other) { return other !== index; });
    return present ? rest.concat([index]) : rest;
  }

  function set(id, moved) {
    var index = E.rang[id];
    if (index === undefined) { return; }
    var office = index >= E.nMaisons;
    change({
      ouverts: office ? with_(now.ouverts, index, moved) : now.ouverts,
      fermes: office ? now.fermes : with_(now.fermes, index, moved), arrets: now.arrets
    });
  }

  function setStop(index, held) {
    change({ ouverts: now.ouverts, fermes: now.fermes, arrets: with_(now.arrets, index, held !== Boolean(E.tournees.tenu[index])) });
  }

  function moved(id) {
    var index = E.rang[id];
    return now.ouverts.indexOf(index) >= 0 || now.fermes.indexOf(index) >= 0;
  }

  function undo() { step(past, future); }

  function redo() { step(future, past); }

  function step(from, to) {
    if (!from.length) { return; }
    to.push(now);
    now = from.pop();
    write();
    compute();
  }

  function choose(ids) {
    change({ ouverts: ids.map(function (id) { return E.rang[id]; }), fermes: now.fermes, arrets: now.arrets });
  }

  // No other office open, no Maison closed; rounds are another matter.
  function replace(ids) {
    change({ ouverts: ids.map(function (id) { return E.rang[id]; }), fermes: [], arrets: now.arrets });
  }

  // ---- The address: #o=03336A,03511A&f=12&t=stops moved -----------------------------------------------------

  function ids(list) { return list.map(function (index) { return E.sites.site_id[index]; }); }

  function fragment() {
    var parts = [];
    [["o", now.ouverts], ["f", now.fermes]].forEach(function (part) {
      if (part[1].length) {
        parts.push(part[0] + "=" + ids(part[1]).map(encodeURIComponent).join(","));
      }
    });
    if (now.arrets.length) {
      parts.push("t=" + now.arrets.map(function (i) { return encodeURIComponent(E.tournees.id[i]); }).join(","));
    }
    if (msapCote.fragment()) { parts.push(msapCote.fragment()); }
    if (msap.emporter.fragment()) { parts.push(msap.emporter.fragment()); }
    return parts.length ? "#" + parts.join("&") : "";
  }

  // In a notebook the page has no address of its own.
  function addressed() { return /^(file|https?):$/.test(location.protocol); }

  function write() {
    if (!addressed() || location.hash === fragment()) { return; }
    var address = location.href.split("#")[0] + fragment();
    try { history.replaceState(null, "", address); } catch (refused) { location.hash = fragment(); }
  }

  // Read a fragment: the choice it holds, and the words in it that name no site of this page.
  function read(text) {
    var found = empty(), unknown = [];
    text.replace(/^#/, "").split("&").forEach(function (part) {
      var cut = part.indexOf("="), key = part.slice(0, cut);
      if (cut < 0 || !/^[oft]$/.test(key)) { return; }
      part.slice(cut + 1).split(",").forEach(function (word) {
        if (!word) { return; }
        var id = word;
        try { id = decodeURIComponent(word); } catch (malformed) { id = word; }
        var index = key !== "t" ? E.rang[id] : E.tournees ? E.tournees.rang[id] : undefined;
        var fits = index !== undefined && (key === "t" || (index >= E.nMaisons) === (key === "o"));
        var list = key === "o" ? found.ouverts : key === "f" ? found.fermes : found.arrets;
        if (!fits) { unknown.push(id); } else if (list.indexOf(index) < 0) { list.push(index); }
      });
    });
    return { choix: found, inconnus: unknown };
  }

  var unknown = [];

  function restore() {
    var found = read(location.hash);
    msapCote.relire();
    unknown = found.inconnus;
    if (!same(found.choix, now)) {
      past.push(now);
      future = [];
      now = found.choix;
    }
    compute();
  }

  // ---- Exports ----------------------------------------------------------------------------------

  function line(index) {
    var s = E.sites;
    return {
      site_id: s.site_id[index], nom: s.nom[index] || "", commune: s.commune[index] || "",
      code_insee: s.code_insee[index] || ""
    };
  }

  function stopLine(index) {
    var T = E.tournees;
    return { site_id: T.id[index], nom: T.mots[index], commune: T.nom[index], code_insee: T.code[index] };
  }

  // A scenario's page starts from a choice already: what is exported is the whole.
  function whole() {
    var start = E.depart.ouvertures || [], gone = {};
    var stops = [true, false].map(function (held) {
      return now.arrets.filter(function (i) { return Boolean(E.tournees.tenu[i]) === held; }).map(stopLine);
    });
    var closed = now.fermes.map(line).concat(stops[0]);
    closed.forEach(function (site) { gone[site.site_id] = true; });
    var began = Object.create(null);
    start.forEach(function (site) { began[site.site_id] = true; });
    return {
      ouvertures: start.filter(function (site) { return !gone[site.site_id]; })
        .concat(now.ouverts.map(line), stops[1]),
      fermetures: (E.depart.fermetures || []).concat(closed.filter(function (site) {
        return !began[site.site_id];
      }))
    };
  }

  function asJson() {
    var choice = whole();
    return JSON.stringify({
      format: FORMAT, version: VERSION, etude: E.etude, departements: E.departements,
      ouvertures: choice.ouvertures, fermetures: choice.fermetures,
      resultats: {
        seuils: result.seuils.map(function (s) {
          return {
            seuil_minutes: s.seuil / 1000, population_couverte: s.couverts,
            population_au_dela: s.audela, communes_au_dela: s.communes
          };
        }),
        zones_blanches: result.zones.length,
        couverture: result.tournees ? {
          permanent: result.tournees.habitants[0], itinerant: result.tournees.habitants[1],
          aucun: result.tournees.habitants[2]
        } : undefined
      }
    }, null, 2) + "\n";
  }

  // A cell a spreadsheet would take for a formula is given as text: readers strip the tab (tabular/cells.py).
  function cell(text) {
    var safe = /^[=+\-@\t\r\n]/.test(text) ? "\t" + text : text;
    return '"' + safe.replace(/"/g, '""') + '"';
  }

  function asCsv() {
    var choice = whole(), header = ["action", "site_id", "nom", "commune", "code_insee", "etude", "departements"];
    var rows = [header];
    [["ouvrir", choice.ouvertures], ["fermer", choice.fermetures]].forEach(function (part) {
      part[1].forEach(function (site) {
        rows.push([
          part[0], site.site_id, site.nom, site.commune, site.code_insee || "",
          E.etude, E.departements.join(" ")
        ]);
      });
    });
    return "\ufeff" + rows.map(function (row) { return row.map(cell).join(";"); }).join("\r\n") + "\r\n";
  }

  function start(engine) {
    E = engine;
    now = empty();
    msap.emporter.surNote(write);
    restore();
    window.addEventListener("hashchange", function () { if (location.hash !== fragment()) { restore(); } });
  }

  return {
    demarrer: start, ecouter: function (fn) { listeners.push(fn); },
    moteur: function () { return E; }, resultat: function () { return result; },
    base: function () { return base; }, choix: function () { return now; },
    vide: isEmpty, choisi: moved, mettre: set, mettreArret: setStop, choisir: choose, remplacer: replace,
    prendre: change, redire: function () { listeners.forEach(function (fn) { fn(); }); }, ecrire: write,
    annuler: undo, retablir: redo, effacer: function () { change(empty()); },
    peutAnnuler: function () { return past.length > 0; },
    peutRetablir: function () { return future.length > 0; },
    fragment: fragment, lire: read, inconnus: function () { return unknown; },
    adressable: addressed, json: asJson, csv: asCsv
  };
})();
