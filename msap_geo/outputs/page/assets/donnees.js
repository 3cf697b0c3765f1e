// The page's data, its columns unpacked, and what the scripts that draw it share.
"use strict";
(function () {
  var data = null;
  // carte: the map; couches: layers by kind; toiles: drawn layers; marques: signs by site; peint: class of
  // each commune as painted; lieux, minutes: its nearest site, and how far; theme: other colours, or null;
  // cadre: what a printed page shows, null for all.
  msap.etat = {
    carte: null, couches: {}, toiles: {}, marques: {}, zones: [], peint: null, lieux: null, theme: null, cadre: null,
    pret: false, enLigne: false, dits: { avant: [], commune: [], site: [], peinture: [] }
  };

  function donnees() {
    if (data) { return data; }
    data = JSON.parse(document.getElementById("msap-donnees").textContent);
    unfold(data.sites, data.communes);
    Object.values(data).forEach(function (part) {
      if (part && part.classes && typeof part.classe === "string") { part.classe = Array.from(msap.trace.deplier(part.classe)); }
    });
    if (data.couverture) { ["heures", "arrets"].forEach(function (name) { data.couverture[name] = texts(data.couverture[name]); }); }
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
    msap.etat.peint = Uint8Array.from(data.communes.classe);
    msap.etat.lieux = data.communes.site;
    msap.etat.minutes = data.communes.minutes;
    return data;
  }

  function texts(column) {
    return Array.from(msap.trace.deplier(column.de), function (rank) { return column.mots[rank]; });
  }

  // Each from the one before it; those that are not known are null.
  function decimals(column) {
    var value = 0;
    /** @type {(number | null)[]} */
    var found = Array.from(msap.trace.deplier(column.pas), function (step) { value += step; return value / column.par; });
    column.sans.forEach(function (row) { found.splice(row, 0, null); });
    return found;
  }

  function unfold(sites, communes) {
    ["genre", "position", "role", "horaires", "commune"].forEach(function (name) { sites[name] = texts(sites[name]); });
    msap.trace.deplier(sites.lieu).forEach(function (row, i) { if (row >= 0) { sites.commune[i] = communes.nom[row]; } });
    [[sites, "lat"], [sites, "lon"], [communes, "minutes"], [communes, "km"]].forEach(function (one) { one[0][one[1]] = decimals(one[0][one[1]]); });
    communes.site = Array.from(msap.trace.deplier(communes.site), function (row) { return row < 0 ? null : row; });
    sites.rang = Array.from(msap.trace.deplier(sites.rang), function (rank) { return rank || null; });
    ["population", "classe", "departement"].forEach(function (name) {
      // A comparison has its own classes.
      if (typeof communes[name] === "string") { communes[name] = Array.from(msap.trace.deplier(communes[name])); }
    });
    if (communes.code.pas) {
      var number = 0, steps = msap.trace.deplier(communes.code.pas);
      communes.code = texts(communes.code.tete).map(function (head, i) { number += steps[i]; return head + String(number).padStart(3, "0"); });
    }
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

  msap.donnees = donnees;
})();
