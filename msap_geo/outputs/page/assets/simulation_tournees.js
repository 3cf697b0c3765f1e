// What covers each commune under a choice: a Maison, a round or nothing. Pure functions, as simulation_moteur.js.
// Hours are counted as msap_geo.rounds does: minutes of the whole cycle with some stop open within reach, none twice.
"use strict";
var msapTournees = (function () {
  var PERMANENT = 0, ITINERANT = 1, AUCUN = 2;

  // nombres: LEB128 read back; n: how many communes.
  function preparer(arrets, nombres, n) {
    if (!arrets) { return null; }
    var autour = arrets.portee.map(function (text) {
      var row = 0;
      return nombres(text).map(function (step) { row += step; return row; });
    });
    var de = Array.from({ length: n }, function () { return /** @type {number[]} */ ([]); }), rang = Object.create(null);
    arrets.id.forEach(function (id, i) {
      rang[id] = i;
      autour[arrets.lieu[i]].forEach(function (c) { de[c].push(i); });
    });
    return {
      id: arrets.id, mots: arrets.mots, rang: rang, de: de, semaines: arrets.semaines, plages: arrets.plages,
      tenu: arrets.tenu, nom: arrets.lieu.map(function (place) { return arrets.noms[place]; }),
      code: arrets.lieu.map(function (place) { return arrets.codes[place]; }),
      autour: arrets.lieu.map(function (place) { return autour[place]; }), unions: Object.create(null)
    };
  }

  // Which stops are held: those of today but those moved, and those in project that are.
  function tenus(T, bouges) {
    var held = Uint8Array.from(T.tenu);
    bouges.forEach(function (i) { held[i] = 1 - held[i]; });
    return held;
  }

  function calculer(E, a, bouges, union) {
    var T = E.tournees;
    if (!T) { return null; }
    var held = tenus(T, bouges), minutes = new Int32Array(E.n), kinds = new Uint8Array(E.n);
    var people = [0, 0, 0], places = [0, 0, 0], total = 0, everyone = 0;
    for (var c = 0; c < E.n; c += 1) {
      var open = T.de[c].filter(function (i) { return held[i]; }), key = open.join();
      if (!(key in T.unions)) {
        T.unions[key] = union([].concat.apply([], open.map(function (i) { return T.plages[i]; })));
      }
      minutes[c] = T.unions[key];
      kinds[c] = !msapEffets.auDela(a.millimes[c], E.seuils[0]) ? PERMANENT : minutes[c] ? ITINERANT : AUCUN;
      people[kinds[c]] += E.population[c];
      places[kinds[c]] += 1;
      total += E.population[c] * minutes[c];
      everyone += E.population[c];
    }
    return {
      minutes: minutes, couverture: kinds, habitants: people, communes: places, tenus: held,
      moyenne: everyone ? total / everyone / 60 / T.semaines : 0
    };
  }

  // People within reach of a stop who have no Maison there.
  function aServir(E, found, arret) {
    return E.tournees.autour[arret].reduce(function (sum, c) {
      return sum + (found.couverture[c] === PERMANENT ? 0 : E.population[c]);
    }, 0);
  }

  return { preparer: preparer, calculer: calculer, aServir: aServir };
})();
