// What one more opening, or a closing, would bring and cost: pure functions, no page. Costs are those of
// siting.plan_costs, the ranking that of siting.score_candidates.
"use strict";
var msapEffets = (function () {
  function auDela(millimes, seuil) { return millimes < 0 || millimes > seuil; }

  function avant(a, b) { return a < b ? -1 : a > b ? 1 : 0; }

  // What a year of the agreement costs, the investment spread over it, and the State's part of it.
  function parAn(E, rows) {
    var years = E.couts.annees.length, state = (E.couts.etat || []).map(function (p) { return E.couts.payeurs[p]; });
    var found = { total: 0, etat: 0 };
    rows.forEach(function (row) {
      found.total += row.montant / years;
      if (state.indexOf(row.payeur) >= 0) { found.etat += row.montant / years; }
    });
    return found;
  }

  // What the openings cost over one agreement: the rows of siting.plan_costs, same order.
  function couts(E, ouverts) {
    var model = E.couts, kinds = [], count = Object.create(null), rows = [], invested = 0;
    ouverts.forEach(function (index) {
      var kind = E.sites.genre[index];
      if (!(kind in count)) { kinds.push(kind); count[kind] = 0; }
      count[kind] += 1;
    });
    kinds.forEach(function (kind) { invested += count[kind] * model.genres[kind].investissement; });
    if (invested) {
      rows.push({ annee: model.annees[0], poste: "investissement", payeur: model.porteur, montant: invested });
    }
    var left = model.enveloppes.map(function (most) { return most === null ? Infinity : most; });
    model.annees.forEach(function (year, y) {
      var total = 0, given = 0;
      kinds.forEach(function (kind) { total += count[kind] * model.genres[kind].fonctionnement; });
      model.payeurs.forEach(function (payer, p) {
        var due = 0;
        kinds.forEach(function (kind) { due += count[kind] * model.genres[kind].parts[y][p]; });
        var paid = Math.min(due, left[p]);
        left[p] -= paid;
        given += paid;
        if (paid) { rows.push({ annee: year, poste: "fonctionnement", payeur: payer, montant: paid }); }
      });
      if (total) {
        rows.push({ annee: year, poste: "fonctionnement", payeur: model.porteur, montant: total - given });
      }
    });
    return rows;
  }

  // What the closings save over one agreement: the rows of siting.closing_savings, same order.
  function epargne(E, fermes) {
    var model = E.couts, kinds = [], count = Object.create(null), rows = [];
    fermes.forEach(function (index) {
      var kind = E.sites.genre[index];
      if (!(kind in count)) { kinds.push(kind); count[kind] = 0; }
      count[kind] += 1;
    });
    model.annees.forEach(function (year, y) {
      var total = 0, given = 0;
      kinds.forEach(function (kind) { total += count[kind] * model.genres[kind].fonctionnement; });
      model.payeurs.forEach(function (payer, p) {
        var paid = 0;
        kinds.forEach(function (kind) { paid += count[kind] * model.genres[kind].parts[y][p]; });
        given += paid;
        if (paid) { rows.push({ annee: year, poste: "fermeture", payeur: payer, montant: paid }); }
      });
      if (total) { rows.push({ annee: year, poste: "fermeture", payeur: model.porteur, montant: total - given }); }
    });
    return rows;
  }

  // A year of a choice: what its openings cost, less what its closings save.
  function netParAn(E, choix) {
    var spent = parAn(E, couts(E, choix.ouverts)), saved = parAn(E, epargne(E, choix.fermes));
    return { total: spent.total - saved.total, etat: spent.etat - saved.etat };
  }

  // Half to even, as NumPy rounds.
  function arrondi(value) {
    var floor = Math.floor(value), rest = value - floor;
    if (rest > 0.5 || (rest === 0.5 && floor % 2 !== 0)) { return floor + 1; }
    return floor;
  }

  function parts(values) {
    var best = values.reduce(function (a, b) { return Math.max(a, b); }, 0);
    return values.map(function (value) { return best > 0 ? value / best : 0; });
  }

  // The candidates left, by what each would add to the present choice (siting.score_candidates).
  function classement(E, a, open) {
    var size = E.nSites - E.nMaisons, gained = new Array(size).fill(0);
    var nearer = new Array(size).fill(0), saved = new Array(size).fill(0), seuil = E.seuils[0];
    for (var c = 0; c < E.n; c += 1) {
      var now = a.millimes[c], far = auDela(now, seuil), people = E.population[c];
      for (var t = E.debut[c]; t < E.debut[c + 1]; t += 1) {
        var minutes = E.millimes[t], better = now >= 0 && minutes < now;
        if (!better && !(far && minutes <= seuil)) { break; }
        var k = E.site[t] - E.nMaisons;
        if (k < 0 || open[E.site[t]]) { continue; }
        if (far && minutes <= seuil) { gained[k] += people; }
        if (better) { nearer[k] += people; saved[k] += people * (now - minutes); }
      }
    }
    var left = [];
    for (var i = 0; i < size; i += 1) { if (!open[E.nMaisons + i]) { left.push(i); } }
    var economised = left.map(function (k) { return saved[k] / 1000; });
    var away = left.map(function (k) { return Math.max(a.millimes[E.n + k], 0) / 1000; });
    var shares = [
      parts(left.map(function (k) { return gained[k]; })), parts(economised), parts(away)
    ];
    // A note made of what the page cannot measure again is not made here: null weights.
    var weights = E.poids && [
      E.poids.population_gagnee || 0, E.poids.minutes_economisees || 0, E.poids.minutes_maison || 0
    ];
    // What is known of no office weighs nothing, and the others weigh more, as in Python.
    if (weights && !left.some(function (k) { return a.millimes[E.n + k] >= 0; })) {
      weights = [weights[0] / (1 - weights[2]), weights[1] / (1 - weights[2]), 0];
    }
    var found = left.map(function (k, i) {
      var score = weights
        ? weights[0] * shares[0][i] + weights[1] * shares[1][i] + weights[2] * shares[2][i] : null;
      return {
        rang: 0, site: E.nMaisons + k, id: E.sites.site_id[E.nMaisons + k],
        score: score === null ? null : arrondi(10 * (100 * score)) / 10,
        gagnes: gained[k], rapproches: nearer[k],
        minutesEconomisees: arrondi(economised[i]),
        minutesGagnees: nearer[k] ? arrondi(10 * (economised[i] / nearer[k])) / 10 : 0,
        millimesMaison: a.millimes[E.n + k]
      };
    });
    found.sort(function (x, y) {
      return Number(y.score) - Number(x.score) || y.gagnes - x.gagnes ||
        y.minutesEconomisees - x.minutesEconomisees || avant(x.id, y.id);
    });
    found.forEach(function (line, index) { line.rang = index + 1; });
    return found;
  }

  // What closing each Maison would do to the present choice: who goes there, who would lose reach.
  function fermetures(E, open) {
    var users = new Array(E.nMaisons).fill(0), lost = new Array(E.nMaisons).fill(0);
    for (var c = 0; c < E.n; c += 1) {
      var t = E.debut[c], end = E.debut[c + 1];
      while (t < end && !open[E.site[t]]) { t += 1; }
      if (t === end || E.site[t] >= E.nMaisons) { continue; }
      users[E.site[t]] += E.population[c];
      if (E.millimes[t] > E.seuils[0]) { continue; }
      var next = t + 1;
      while (next < end && !open[E.site[next]]) { next += 1; }
      if (next === end || E.millimes[next] > E.seuils[0]) { lost[E.site[t]] += E.population[c]; }
    }
    return { usagers: users, perdus: lost };
  }

  return { auDela: auDela, avant: avant, parAn: parAn, netParAn: netParAn, couts: couts, epargne: epargne, classement: classement, fermetures: fermetures };
})();
