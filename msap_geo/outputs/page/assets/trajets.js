// The way of a commune to its nearest Maison, drawn while its card is open: pieces of road that follow one
// another, each kept once whoever takes it.
"use strict";
(function () {
  var S = msap.etat, shape = null, after = null, first = null, shown = [], whose = -1;

  function unpack() {
    var packed = msap.donnees().trajets, place = 0;
    shape = new msap.trace.Topologie(packed);
    after = msap.trace.deplier(packed.suite);
    first = Array.from(msap.trace.deplier(packed.de), function (step) { return (place += step); });
  }

  // The pieces of a commune's way, that of today whatever is simulated.
  function way(i) {
    if (!shape) { unpack(); }
    var pieces = [];
    for (var piece = first[i]; piece >= 0; piece = after[piece]) { pieces.push(piece); }
    return pieces;
  }

  // Where a simulation puts another Maison nearer, or closes that one, the page knows how long the way there
  // is, not by which roads: a straight line, said to be one, shows where it goes.
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
    if (other(i) !== null) {
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
      if (whose >= 0 && other(whose) !== null) { straight(ctx, view, whose); }
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

  msap.trajet = way;
})();
