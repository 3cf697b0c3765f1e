// What a study becomes when offices open and Maisons close: pure functions, no page.
// The figures are those of msap_geo itself, to the person: minutes are whole thousandths (« millimes »),
// thresholds are inclusive, equal trips go to the smallest identifier.
"use strict";
var msapMoteur = (function () {
  var SANS_ROUTE = -1, INCONNU = -2;
  var JOURS = ["Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"];
  var JOUR = 24 * 60;
  var effets = msapEffets, auDela = effets.auDela, avant = effets.avant;

  // Whole numbers written seven bits a byte, lowest first (LEB128), as base64.
  function nombres(text) {
    var bytes = atob(text), found = [], value = 0, scale = 1;
    for (var i = 0; i < bytes.length; i += 1) {
      var byte = bytes.charCodeAt(i);
      value += (byte & 127) * scale;
      if (byte & 128) { scale *= 128; } else { found.push(value); value = 0; scale = 1; }
    }
    return found;
  }

  // « Mo-Fr 09:00-12:00,14:00-17:00; Sa 09:00-12:00 » → intervals in minutes since Monday 0:00.
  function semaine(text) {
    var spans = [];
    if (text === "off") { return spans; }
    text.split("; ").forEach(function (rule) {
      var parts = rule.split(" "), days = parts[0].split("-");
      var first = JOURS.indexOf(days[0]), last = JOURS.indexOf(days[days.length - 1]);
      for (var day = first; day <= last; day += 1) {
        parts[1].split(",").forEach(function (span) {
          var ends = span.split("-").map(function (clock) {
            var numbers = clock.split(":");
            return day * JOUR + 60 * Number(numbers[0]) + Number(numbers[1]);
          });
          spans.push(ends);
        });
      }
    });
    return spans;
  }

  function union(spans) {
    var total = 0, end = -1;
    spans.slice().sort(function (a, b) { return a[0] - b[0]; }).forEach(function (span) {
      if (span[1] > end) { total += span[1] - Math.max(span[0], end); end = span[1]; }
    });
    return total;
  }

  function sommes(steps) {
    var total = 0;
    return Int32Array.from(steps, function (step) { return (total += step); });
  }

  function debuts(counts) {
    var start = new Int32Array(counts.length + 1);
    start.set(sommes(counts), 1);
    return start;
  }

  function trajets(s) {
    var steps = nombres(s.temps), start = debuts(nombres(s.nombre)), rows = start.length - 1;
    var site = new Int32Array(start[rows]), millimes = new Int32Array(start[rows]);
    for (var r = 0; r < rows; r += 1) {
      var minutes = 0;
      for (var t = start[r]; t < start[r + 1]; t += 1) {
        minutes += steps[2 * t];
        millimes[t] = minutes;
        site[t] = steps[2 * t + 1];
      }
    }
    return {
      debut: start, site: site, millimes: millimes, motif: nombres(s.portees.motif), hors: s.portees.hors,
      bornes: s.bornes ? nombres(s.bornes).map(function (b) { return b - 1; }) : null
    };
  }

  // Of a wide territory trips are written tighter: sites are steps along a curve from neighbour to neighbour.
  // A place holds every trip up to its last one, and maybe every one within the last threshold.
  function trajetsSerres(s) {
    var deplier = msap.trace.deplier, packed = s.temps, start = debuts(deplier(s.nombre)), rows = start.length - 1;
    var order = sommes(deplier(packed.ordre)), firsts = sommes(deplier(packed.premiers)), others = deplier(packed.autres);
    var waits = deplier(packed.attente), steps = deplier(packed.pas), whole = deplier(packed.entiers);
    var site = new Int32Array(start[rows]), millimes = new Int32Array(start[rows]), bornes = new Int32Array(rows);
    for (var r = 0, some = 0, next = 0, last = s.seuils[s.seuils.length - 1]; r < rows; r += 1) {
      var minutes = 0;
      for (var t = start[r]; t < start[r + 1]; t += 1) {
        if (t === start[r]) {
          minutes = waits[some];
          site[t] = order[firsts[some]];
        } else {
          minutes += steps[next];
          site[t] = order[firsts[some] + others[next]];
          next += 1;
        }
        millimes[t] = minutes;
      }
      if (start[r] < start[r + 1]) { some += 1; }
      bornes[r] = whole[r] ? Math.max(minutes, last) : minutes;
    }
    return {
      debut: start, site: site, millimes: millimes, bornes: bornes, motif: deplier(s.portees.motif),
      hors: s.portees.hors.map(function (packedRow) { return sommes(deplier(packedRow)); })
    };
  }

  function preparer(donnees) {
    var s = donnees.simulation, communes = donnees.communes, wide = typeof s.temps !== "string";
    var n = communes.code.length, nSites = s.sites.site_id.length, trips = wide ? trajetsSerres(s) : trajets(s);
    var rang = Object.create(null), premier = s.sites.role.indexOf("candidat");
    s.sites.site_id.forEach(function (id, index) { rang[id] = index; });
    return {
      etude: s.etude, departements: s.departements,
      n: n, code: communes.code, population: communes.population,
      voisinsDebut: communes.voisines.debut, voisins: communes.voisines.index,
      seuils: s.seuils, nClasses: s.seuils.length + 2,
      sites: s.sites, nSites: nSites, rang: rang,
      nMaisons: premier < 0 ? nSites : premier,
      vaste: wide, debut: trips.debut, site: trips.site, millimes: trips.millimes, bornes: trips.bornes,
      motif: trips.motif,
      hors: trips.hors.map(function (lost) {
        var flags = new Uint8Array(nSites);
        lost.forEach(function (index) { flags[index] = 1; });
        return flags;
      }),
      horaires: s.sites.horaires, semaines: s.horaires.map(semaine), unions: {},
      groupes: s.groupes, poids: s.poids, couts: s.couts,
      plans: s.plans, plansComplets: s.plans_complets, plansDe: s.plans_de || null, depart: s.depart,
      tournees: msapTournees.preparer(s.arrets, nombres, n)
    };
  }

  // Which sites are open: every Maison but those closed, and the offices chosen.
  function presents(E, choix) {
    var open = new Uint8Array(E.nSites).fill(1, 0, E.nMaisons);
    choix.ouverts.forEach(function (index) { open[index] = 1; });
    choix.fermes.forEach(function (index) { open[index] = 0; });
    return open;
  }

  // Nearest open site of each place (communes, then candidates); trips come nearest first.
  function acces(E, open) {
    var rows = E.debut.length - 1;
    var millimes = new Int32Array(rows), site = new Int32Array(rows).fill(-1), inconnus = 0;
    var last = E.seuils[E.seuils.length - 1], unsure = { communes: 0, habitants: 0 };
    for (var r = 0; r < rows; r += 1) {
      var t = E.debut[r], end = E.debut[r + 1];
      while (t < end && !open[E.site[t]]) { t += 1; }
      if (t < end) {
        millimes[r] = E.millimes[t];
        site[r] = E.site[t];
      } else {
        millimes[r] = E.bornes && E.bornes[r] >= 0 && joint(E, r, open) ? INCONNU : SANS_ROUTE;
        if (millimes[r] === INCONNU && r < E.n) {
          inconnus += 1;
          if (E.bornes[r] < last) { unsure.communes += 1; unsure.habitants += E.population[r]; }
        }
      }
    }
    // Unsure: those whose class is not known either, counted beyond every threshold.
    return { millimes: millimes, site: site, inconnus: inconnus, indecis: unsure };
  }

  function joint(E, row, open) {
    var lost = E.hors[E.motif[row]];
    for (var i = 0; i < E.nSites; i += 1) { if (open[i] && !lost[i]) { return true; } }
    return false;
  }


  function classes(E, a) {
    var found = new Uint8Array(E.n);
    for (var c = 0; c < E.n; c += 1) {
      var rank = 0;
      if (a.millimes[c] === SANS_ROUTE) {
        rank = E.nClasses - 1;
      } else {
        while (rank < E.seuils.length && auDela(a.millimes[c], E.seuils[rank])) { rank += 1; }
      }
      found[c] = rank;
    }
    return found;
  }

  function parSeuil(E, a) {
    return E.seuils.map(function (seuil) {
      var found = { seuil: seuil, population: 0, couverts: 0, audela: 0, communes: 0 };
      for (var c = 0; c < E.n; c += 1) {
        found.population += E.population[c];
        if (auDela(a.millimes[c], seuil)) {
          found.audela += E.population[c];
          found.communes += 1;
        } else {
          found.couverts += E.population[c];
        }
      }
      return found;
    });
  }

  function parClasse(E, found) {
    var people = new Array(E.nClasses).fill(0), places = new Array(E.nClasses).fill(0);
    for (var c = 0; c < E.n; c += 1) {
      people[found[c]] += E.population[c];
      places[found[c]] += 1;
    }
    return { habitants: people, communes: places };
  }

  // Contiguous communes beyond the first threshold, most inhabitants first, then by identifier.
  function zones(E, a) {
    var seen = new Uint8Array(E.n), found = [];
    for (var first = 0; first < E.n; first += 1) {
      if (seen[first] || !auDela(a.millimes[first], E.seuils[0])) { continue; }
      var members = [first];
      seen[first] = 1;
      for (var i = 0; i < members.length; i += 1) {
        var from = members[i];
        for (var v = E.voisinsDebut[from]; v < E.voisinsDebut[from + 1]; v += 1) {
          var next = E.voisins[v];
          if (!seen[next] && auDela(a.millimes[next], E.seuils[0])) {
            seen[next] = 1;
            members.push(next);
          }
        }
      }
      found.push(zone(E, a, members));
    }
    found.sort(function (x, y) { return y.population - x.population || avant(x.id, y.id); });
    found.forEach(function (z, index) { z.rang = index + 1; });
    return found;
  }

  function zone(E, a, members) {
    var population = 0, worst = 0, known = true, main = members[0], bySite = {};
    members.forEach(function (c) {
      population += E.population[c];
      if (a.millimes[c] < 0) { known = false; } else { worst = Math.max(worst, a.millimes[c]); }
      var more = E.population[c] - E.population[main];
      if (more > 0 || (more === 0 && E.code[c] < E.code[main])) { main = c; }
      if (a.site[c] >= 0) {
        var sum = bySite[a.site[c]] = bySite[a.site[c]] || { site: a.site[c], people: 0, places: 0 };
        sum.people += E.population[c];
        sum.places += 1;
      }
    });
    var serving = Object.keys(bySite).map(function (key) { return bySite[key]; });
    serving.sort(function (x, y) {
      return y.people - x.people || y.places - x.places ||
        avant(E.sites.site_id[x.site], E.sites.site_id[y.site]);
    });
    members.sort(function (x, y) { return avant(E.code[x], E.code[y]); });
    return {
      rang: 0, id: "ZB-" + E.code[main], principale: main, communes: members,
      population: population, minutesMax: known ? worst / 1000 : null,
      site: serving.length ? serving[0].site : -1
    };
  }

  // An unknown time is longer than any known one, no route is longer still.
  function rangDe(millimes) {
    return millimes >= 0 ? millimes : millimes === INCONNU ? 1e12 : 2e12;
  }

  // Who gains, who loses, from one access to another.
  function mouvements(E, from, to) {
    var found = {
      seuils: E.seuils.map(function (seuil) {
        return { seuil: seuil, gagnes: 0, perdus: 0, communesGagnees: [], communesPerdues: [] };
      }),
      rapproches: 0, eloignes: 0, communesRapprochees: 0, communesEloignees: 0,
      millimesEconomises: 0
    };
    for (var c = 0; c < E.n; c += 1) {
      var people = E.population[c], x = from.millimes[c], y = to.millimes[c];
      if (x === y) { continue; }
      found.seuils.forEach(function (line) {
        var far = auDela(x, line.seuil), still = auDela(y, line.seuil);
        if (far && !still) { line.gagnes += people; line.communesGagnees.push(c); }
        if (!far && still) { line.perdus += people; line.communesPerdues.push(c); }
      });
      if (rangDe(y) < rangDe(x)) {
        found.rapproches += people; found.communesRapprochees += 1;
      } else {
        found.eloignes += people; found.communesEloignees += 1;
      }
      if (x >= 0 && y >= 0) { found.millimesEconomises += people * (x - y); }
    }
    return found;
  }

  // Minutes a week with at least one open site within the first threshold: the union of their hours.
  function heures(E, open) {
    var minutes = new Int32Array(E.n), known = 0, total = 0, reached = false;
    for (var c = 0; c < E.n; c += 1) {
      var texts = [], sites = 0, mute = 0;
      for (var t = E.debut[c]; t < E.debut[c + 1] && E.millimes[t] <= E.seuils[0]; t += 1) {
        if (!open[E.site[t]]) { continue; }
        sites += 1;
        var text = E.horaires[E.site[t]];
        if (text < 0) { mute += 1; } else if (texts.indexOf(text) < 0) { texts.push(text); }
      }
      if (sites && sites === mute) { minutes[c] = -1; continue; }
      reached = reached || sites > 0;
      var key = texts.sort(function (a, b) { return a - b; }).join();
      if (!(key in E.unions)) {
        E.unions[key] = union([].concat.apply([], texts.map(function (i) { return E.semaines[i]; })));
      }
      minutes[c] = E.unions[key];
      known += E.population[c];
      total += E.population[c] * minutes[c];
    }
    return {
      minutes: minutes, personnes: known, personnesMinutes: total,
      moyenne: known && reached ? total / known / 60 : null
    };
  }

  // People of each target group within each threshold, thousandths of persons.
  function groupes(E, a) {
    return Object.keys(E.groupes).map(function (name) {
      var values = E.groupes[name].effectifs, total = 0;
      var within = E.seuils.map(function () { return 0; });
      for (var c = 0; c < E.n; c += 1) {
        total += values[c];
        for (var i = 0; i < E.seuils.length; i += 1) {
          if (!auDela(a.millimes[c], E.seuils[i])) { within[i] += values[c]; }
        }
      }
      return { nom: name, titre: E.groupes[name].titre, effectif: total, couverts: within };
    });
  }

  // What the map's signs and the page's counts tell: Maisons by kind, neighbours, offices left.
  function signes(E, choix) {
    var kinds = Object.create(null), found = { maisons: 0, voisines: 0, parGenre: kinds };
    for (var i = 0; i < E.nMaisons; i += 1) {
      if (choix.fermes.indexOf(i) >= 0) { continue; }
      if (E.sites.role[i] === "voisine") { found.voisines += 1; continue; }
      kinds[E.sites.genre[i]] = (kinds[E.sites.genre[i]] || 0) + 1;
      found.maisons += 1;
    }
    found.maisons += choix.ouverts.length;
    found.candidats = E.nSites - E.nMaisons - choix.ouverts.length;
    return found;
  }

  // The best choice proven for as many openings, Maisons all kept; null when none was computed.
  function optimum(E, number) {
    if (number === 0 || (!E.plans.length && !E.plansComplets)) { return null; }
    if (number <= E.plans.length) { return E.plans[number - 1]; }
    return E.plansComplets && E.plans.length ? E.plans[E.plans.length - 1] : null;
  }

  function calculer(E, choix) {
    var open = presents(E, choix), a = acces(E, open), found = classes(E, a);
    E.base = E.base || acces(E, presents(E, { ouverts: [], fermes: [] }));
    return {
      acces: a, classes: found, parClasse: parClasse(E, found), seuils: parSeuil(E, a),
      zones: zones(E, a), mouvements: mouvements(E, E.base, a), heures: heures(E, open),
      groupes: groupes(E, a), tournees: msapTournees.calculer(E, a, choix.arrets || [], union), couts: effets.couts(E, choix.ouverts), epargne: effets.epargne(E, choix.fermes), signes: signes(E, choix),
      classement: effets.classement(E, a, open), fermetures: effets.fermetures(E, open), optimum: optimum(E, choix.ouverts.length)
    };
  }

  return {
    SANS_ROUTE: SANS_ROUTE, INCONNU: INCONNU, nombres: nombres, semaine: semaine, union: union,
    preparer: preparer, calculer: calculer, mouvements: mouvements, couts: effets.couts, parAn: effets.parAn, netParAn: effets.netParAn, epargne: effets.epargne,
    accesDe: function (E, choix) { return acces(E, presents(E, choix)); }
  };
})();
