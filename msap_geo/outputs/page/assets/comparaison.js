// What only a comparison shows: signs of gains and losses, zones of before, what became of Maisons.
"use strict";
(function () {
  var STATES = { "ouverte": "ouverte", "fermée": "fermee" };
  var INK = "#1b1b2f", SMALLEST = 22;

  function signed(value) {
    return value === null ? "–" : (value > 0 ? "+" : value < 0 ? "−" : "") + msap.minutes(Math.abs(value));
  }

  function status(i) {
    var told = msap.donnees().comparaison;
    if (told.statut[i] === "gagne") { return "passe à " + msap.court(told.seuil) + " min ou moins"; }
    if (told.statut[i] === "perd") { return "n’est plus à " + msap.court(told.seuil) + " min ou moins"; }
    return told.statut[i];
  }

  function communeLines(i) {
    var told = msap.donnees().comparaison;
    return [
      ["Temps avant", msap.minutes(told.minutes[i])],
      ["Maison la plus proche avant", told.maison[i] || "aucune"],
      ["Population avant", told.population[i] === msap.donnees().communes.population[i]
        ? "" : msap.compte(told.population[i], "habitant")],
      ["Écart", signed(told.ecart[i])],
      ["À " + msap.court(told.seuil) + " min", status(i)],
      ["Présence", told.presence[i] === "les deux" ? "" : told.presence[i]]
    ];
  }

  function triangle(ctx, x, y, up) {
    ctx.beginPath();
    ctx.moveTo(x, y - 5 * up);
    ctx.lineTo(x + 5, y + 4 * up);
    ctx.lineTo(x - 5, y + 4 * up);
    ctx.closePath();
    ctx.lineWidth = 3;
    ctx.stroke();
    ctx.fill();
  }

  // People who lose are hatched, people who cross the threshold carry a sign: not colour alone.
  function signs() {
    var data = msap.donnees(), told = data.comparaison, shape = data.topologie;
    return msap.trace.toile(data.repere, 2, function (ctx, view) {
      var farther = told.eloignes.filter(function (area) { return view.sees(shape.box, 4 * area); });
      msap.remplir(ctx, shape.seen(view), farther, msap.hachures(ctx, "rgba(60, 20, 0, 0.75)", 8));
      ctx.lineJoin = "round";
      ctx.fillStyle = INK;
      ctx.strokeStyle = "#fff";
      told.statut.forEach(function (text, area) {
        var up = text === "gagne" ? 1 : text === "perd" ? -1 : 0, at = 4 * area;
        var wide = Math.min(shape.box[at + 2] - shape.box[at], shape.box[at + 3] - shape.box[at + 1]) * view.k;
        if (!up || wide < SMALLEST || !view.sees(shape.box, at)) { return; }
        triangle(ctx, data.communes.x[area] * view.k + view.dx, data.communes.y[area] * view.k + view.dy, up);
      });
    });
  }

  function zonesBefore() {
    var data = msap.donnees(), shape = data.topologie;
    return msap.trace.toile(data.repere, 5, function (ctx, view) {
      var seen = shape.seen(view), edge = [];
      data.comparaison.zones.forEach(function (zone) {
        zone.bord = zone.bord || shape.outline(zone.communes);
        zone.bord.forEach(function (arc) { edge.push(arc); });
      });
      msap.tracer(ctx, shape, seen, edge, "#fff", 4.5);
      ctx.lineCap = "round";
      msap.tracer(ctx, shape, seen, edge, INK, 2.2, [1.5, 4.5]);
      ctx.lineCap = "butt";
    });
  }

  Object.assign(msap.faiseurs, { signes: signs, zones_avant: zonesBefore });
  msap.surCommune(communeLines);
  msap.surSite(function (id) {
    var told = msap.donnees().comparaison.maisons[id];
    return told ? { lignes: told.lignes } : {};
  });
  msap.pret(function () {
    var told = msap.donnees().comparaison.maisons;
    Object.keys(told).forEach(function (id) {
      if (STATES[told[id].etat]) { msap.marquer(id, STATES[told[id].etat]); }
    });
    document.getElementById("msap-panneau").addEventListener("click", function (event) {
      var button = /** @type {Element} */ (event.target).closest("[data-commune]");
      if (button) { msap.montrerCommune(msap.donnees().communes.code.indexOf(button.dataset.commune)); }
    });
  });
})();
