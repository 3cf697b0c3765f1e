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

  // Where a simulation puts another Maison nearer, or closes that one, the page does not know the way there.
  function past(i) { return S.lieux[i] !== msap.donnees().communes.site[i]; }

  function said(i) {
    var site = msap.donnees().communes.site[i];
    return past(i) && way(i).length ? [["Chemin en tirets", "celui d’aujourd’hui, vers " + msap.donnees().sites.nom[site]]] : [];
  }

  msap.pret(function (map) {
    if (!msap.donnees().trajets) { return; }
    var canvas = msap.nouvelleToile("trajets", function (ctx, view) {
      if (!shown.length) { return; }
      var seen = shape.seen(view);
      msap.tracer(ctx, shape, seen, shown, "#fff", 8);
      msap.tracer(ctx, shape, seen, shown, "#0a5dc2", 4, past(whose) ? [2, 7] : []);
    });
    canvas.addTo(map);
    msap.surCommune(said);
    msap.surPeinture(function () { if (shown.length) { canvas.redraw(); } });
    msap.surFiche(function (what) {
      var wanted = what && what[0] === "commune" ? way(what[1]) : [];
      if (!wanted.length && !shown.length) { return; }
      shown = wanted;
      whose = what && what[0] === "commune" ? what[1] : -1;
      canvas.redraw();
    });
  });

  msap.trajet = way;
})();
