// The way of a commune to its nearest Maison, drawn while its card is open: pieces of road that follow one
// another, each kept once whoever takes it.
"use strict";
(function () {
  var S = msap.etat, shape = null, after = null, first = null, shown = [], whose = -1, offices = null;

  function unpack() {
    var packed = msap.donnees().trajets, place = 0;
    shape = new msap.trace.Topologie(packed);
    after = msap.trace.deplier(packed.suite);
    first = Array.from(msap.trace.deplier(packed.de), function (step) { return (place += step); });
  }

  // The pieces of a commune's way, that of today whatever is simulated.
  function way(i) {
    if (!shape) { unpack(); }
    return follow(after, first[i]);
  }

  function follow(next, piece) {
    var pieces = [];
    for (; piece >= 0; piece = next[piece]) { pieces.push(piece); }
    return pieces;
  }

  // The ways to offices of those they would be nearer to, where the page has room for them.
  function unpackOffices() {
    var packed = msap.donnees().trajetsBureaux, deplier = msap.trace.deplier;
    offices = { shape: null, after: null, of: Object.create(null) };
    if (!packed) { return; }
    offices.shape = new msap.trace.Topologie(packed);
    offices.after = deplier(packed.suite);
    var rows = deplier(packed.lieux), firsts = deplier(packed.de), counts = deplier(packed.nombre), at = 0, row = 0, piece = 0;
    packed.sites.forEach(function (id, k) {
      var of = offices.of[msap.donnees().rangSite[id]] = Object.create(null);
      for (var left = counts[k]; left > 0; left -= 1, at += 1) {
        row += rows[at];
        of[row] = piece += firsts[at];
      }
    });
  }

  // The pieces of the way to the office a simulation sends a commune to; none where the page has not got it.
  function newWay(i) {
    if (!offices) { unpackOffices(); }
    var site = past(i) ? S.lieux[i] : null, of = site === null ? null : offices.of[site];
    return of && of[i] >= 0 ? follow(offices.after, of[i]) : [];
  }

  // Where a simulation closes that Maison, or opens an office whose ways the page has no room for, it knows how
  // long the way is, not by which roads: a straight line, said to be one, shows where it goes.
  function past(i) { return S.lieux[i] !== msap.donnees().communes.site[i]; }

  // The site a simulation sends a commune to; null where it sends it to none or to the one of today, and where
  // one of the two has no place.
  function other(i) {
    var site = past(i) ? S.lieux[i] : null, shapes = msap.donnees().topologie;
    var placed = site !== null && msap.donnees().sites.lat[site] !== null && shapes.areaStart[i] < shapes.areaStart[i + 1];
    return placed ? site : null;
  }

  function ends(i) {
    var c = msap.donnees().communes;
    return [msap.donnees().repere.latlng(c.x[i], c.y[i]), msap.signes.site(other(i))];
  }

  function said(i) {
    var d = msap.donnees(), told = [], points;
    if (newWay(i).length) {
      told.push(["Chemin en trait plein", "avec la simulation, vers " + d.sites.nom[S.lieux[i]]]);
    } else if (other(i) !== null) {
      points = ends(i);
      told.push(["Trait droit en pointillé", "à vol d’oiseau vers " + d.sites.nom[other(i)] + " (" + msap.kilometres(points[0].distanceTo(points[1]) / 1000)
        + ")\u202f; le temps est compté par la route, dont la page n’a pas le tracé"]);
    }
    if (past(i) && way(i).length) { told.push(["Chemin en tirets", "celui d’aujourd’hui, vers " + d.sites.nom[d.communes.site[i]]]); }
    return told;
  }

  function straight(ctx, view, i) {
    var grid = msap.donnees().repere, points = ends(i).map(function (place) { return grid.of(place); });
    [["#fff", 7, []], ["#b5123e", 4, [3, 4]]].forEach(function (pen) {
      ctx.strokeStyle = pen[0]; ctx.lineWidth = pen[1]; ctx.setLineDash(pen[2]);
      ctx.beginPath();
      ctx.moveTo(points[0].x * view.k + view.dx, points[0].y * view.k + view.dy);
      ctx.lineTo(points[1].x * view.k + view.dx, points[1].y * view.k + view.dy);
      ctx.stroke();
    });
    ctx.setLineDash([]);
  }

  msap.pret(function (map) {
    if (!msap.donnees().trajets) { return; }
    var canvas = msap.nouvelleToile("trajets", function (ctx, view) {
      if (shown.length) {
        var seen = shape.seen(view);
        msap.tracer(ctx, shape, seen, shown, "#fff", 8);
        msap.tracer(ctx, shape, seen, shown, "#0a5dc2", 4, past(whose) ? [2, 7] : []);
      }
      var fresh = whose < 0 ? [] : newWay(whose);
      if (fresh.length) {
        var all = offices.shape.seen(view);
        msap.tracer(ctx, offices.shape, all, fresh, "#fff", 8);
        msap.tracer(ctx, offices.shape, all, fresh, "#b5123e", 4);
      } else if (whose >= 0 && other(whose) !== null) { straight(ctx, view, whose); }
    });
    canvas.addTo(map);
    msap.surCommune(said);
    msap.surPeinture(function () { if (whose >= 0) { canvas.redraw(); } });
    msap.surFiche(function (what) {
      var before = whose;
      whose = what && what[0] === "commune" ? what[1] : -1;
      shown = whose < 0 ? [] : way(whose);
      if (whose >= 0 || before >= 0) { canvas.redraw(); }
    });
  });

  Object.assign(msap, { trajet: way, trajetSimule: newWay });
})();
