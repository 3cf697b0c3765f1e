// What is proposed to change: offices to transform, hours to add, who would be farther.
"use strict";
(function () {
  // Past so many, signs that Tab reaches would slow the page: they are drawn, search and tables reach them.
  var MOST_SIGNS = 400;

  function layer(what, kind, letter, words, colour) {
    var data = msap.donnees(), rows = [];
    Object.keys(data.propositions[what]).forEach(function (id) {
      var i = data.rangSite[id];
      if (i !== undefined && data.sites.lat[i] !== null) { rows.push(i); }
    });
    if (rows.length > MOST_SIGNS) {
      return L.layerGroup([msap.signes.points(23, rows, {
        fill: "#fff", stroke: colour, width: 2.4, shape: function () { return "carre"; }
      })]);
    }
    return L.layerGroup(rows.map(function (i) {
      var at = msap.signes.site(i), title = words + msap.fiches.titreSite(i);
      var sign = msap.signes.marque(at, kind, letter, title, 1900, function () {
        msap.fiches.ouvrir(msap.fiches.site(i), at, ["site", data.sites.id[i]]);
      });
      sign.msapLibre = true;
      return sign;
    }));
  }

  Object.assign(msap.faiseurs, {
    transformations: function () { return layer("transformations", "transformation", "T", "à transformer : ", "#7a4b00"); },
    ajouts: function () { return layer("ajouts", "ajout", "h", "heures à ajouter : ", "#1a3c5e"); }
  });

  msap.pret(function () {
    var found = msap.donnees().propositions;
    if (!found) { return; }
    msap.surSite(function (id) {
      return { lignes: (found.transformations[id] || []).concat(found.ajouts[id] || [], found.horizons[id] || []) };
    });
    msap.surCommune(function (i) { return found.communes[i]; });
  });
})();
