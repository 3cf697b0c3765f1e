// Cards: what a commune, a site or a zone says when asked. A card has its own place on the screen, so that
// opening one never moves the map; a ring shows what it speaks of. On a phone it is a sheet from below.
"use strict";
(function () {
  var el = msap.element, S = msap.etat, box = null, ring = null, before = null, told = [];

  function data() { return msap.donnees(); }

  function fiche(title, lines, actions) {
    var node = el("div", "", "msap-fiche"), list = el("dl"), heading = el("h3", title);
    heading.id = "msap-fiche-titre";
    node.appendChild(heading);
    lines.forEach(function (line) {
      if (!line[1]) { return; }
      list.appendChild(el("dt", line[0]));
      list.appendChild(el("dd", line[1]));
    });
    if (actions && actions.length) {
      var row = node.appendChild(el("p", "", "msap-actions"));
      actions.forEach(function (action) {
        row.appendChild(msap.bouton(action.texte, function () { close(); action.faire(); }));
      });
    }
    list.tabIndex = 0;
    node.appendChild(list);
    return node;
  }

  function communeTitle(i) { return data().communes.nom[i] + " (" + data().communes.code[i] + ")"; }

  function communeFiche(i) {
    var c = data().communes, site = c.site[i];
    // What a simulation makes of it is read first.
    var first = S.dits.avant.reduce(function (all, fn) { return all.concat(fn(i) || []); }, []), now = first.length ? " aujourd’hui" : "";
    var lines = [["Population", msap.compte(c.population[i], "habitant")]].concat(first, [
      ["Maison la plus proche" + now, site === null ? "aucune" : data().sites.nom[site]],
      ["Temps de trajet" + now, msap.minutes(c.minutes[i])],
      ["Distance par la route", msap.kilometres(c.km[i])],
      ["Classe" + now, data().classes[c.classe[i]].nom],
      ["Départ", c.origine[i]],
      ["Remarque", c.raison[i]]
    ]);
    S.dits.commune.forEach(function (fn) { lines = lines.concat(fn(i) || []); });
    return fiche(communeTitle(i), lines);
  }

  function siteTitle(i) { return data().sites.nom[i]; }

  function siteFiche(i) {
    var s = data().sites, actions = [], own = [], today = true;
    S.dits.site.forEach(function (fn) {
      var more = fn(s.id[i]) || {};
      own = own.concat(more.lignes || []);
      actions = actions.concat(more.actions || []);
      today = today && !more.remplace;
    });
    var lines = [
      ["Type", data().roles[s.role[i]] + ", " + s.genre[i].toLowerCase()],
      ["Commune", s.commune[i]],
      ["Adresse", s.adresse ? s.adresse[i] : ""],
      ["Horaires", s.horaires[i]],
      ["Position", s.position[i] === "commune" ? "placé à la mairie, faute de position sûre" : ""]
    ];
    if (today && s.lignes && s.lignes[s.id[i]]) { lines = lines.concat(s.lignes[s.id[i]]); }
    if (today && s.rang[i]) { lines = candidateLines(s.rang[i] - 1).concat(lines); }
    return fiche(siteTitle(i), own.concat(lines), actions);
  }

  function candidateLines(row) {
    var c = data().candidats;
    return [
      ["Habitants gagnés à " + msap.court(data().seuils[0]) + " min, s’il ouvrait seul", msap.nombre(c.population_gagnee[row])],
      ["Habitants dont le trajet raccourcit", msap.nombre(c.habitants_rapproches[row])],
      ["Gain moyen pour eux", msap.minutes(c.minutes_gagnees[row])],
      ["Trajet jusqu’à la Maison la plus proche", msap.minutes(c.minutes_maison[row])],
      ["Note", msap.nombre(c.score[row], 1) + " / 100"],
      ["Remarque", c.raison[row]]
    ];
  }

  function zoneTitle(zone) { return "Zone blanche n° " + zone.rang + (zone.nom ? ", " + zone.nom : ""); }

  // A zone of many communes is read by EPCI, where the study knows them, else by the Maison they go to.
  var MANY = 20;

  function zoneFiche(zone) {
    var c = data().communes, groups = Object.create(null), byEpci = zone.communes.length > MANY && c.epci;
    zone.communes.forEach(function (i) {
      var site = byEpci ? c.epci.nom[c.epci.de[i]] || "sans EPCI"
        : "Plus proche : " + (S.lieux[i] === null || S.lieux[i] < 0 ? "aucune Maison" : data().sites.nom[S.lieux[i]]);
      (groups[site] = groups[site] || { people: 0, names: [] }).people += c.population[i];
      groups[site].names.push(c.nom[i]);
    });
    var parts = Object.keys(groups).sort(function (a, b) { return groups[b].people - groups[a].people; });
    var told = parts.length === 1 ? [["Communes de la zone", groups[parts[0]].names.join(", ")]]
      : parts.map(function (name) {
        var group = groups[name];
        return [name, msap.compte(group.people, "habitant") + ", "
          + msap.compte(group.names.length, "commune") + " : " + group.names.join(", ")];
      });
    return fiche(zoneTitle(zone), [
      ["Population", msap.compte(zone.population, "habitant")],
      ["Communes", msap.nombre(zone.communes.length)],
      ["Temps le plus long", msap.minutes(zone.minutesMax)]
    ].concat(zone.lignes || [], told));
  }

  // ---- Its place on the screen --------------------------------------------------------------

  function holder() {
    if (box) { return box; }
    box = document.createElement("section");
    box.id = "msap-fiche";
    box.tabIndex = -1;
    box.setAttribute("aria-labelledby", "msap-fiche-titre");
    document.getElementById("msap-carte").appendChild(box);
    return box;
  }

  function open(content, latlng, what) {
    var frame = holder();
    if (!frame.contains(document.activeElement)) { before = document.activeElement; }
    frame.textContent = "";
    frame.hidden = false;
    var shut = msap.bouton("×", close);
    shut.className = "msap-fiche-fermer";
    shut.setAttribute("aria-label", "Masquer la fiche");
    frame.appendChild(shut);
    frame.appendChild(content);
    frame.scrollTop = 0;
    if (ring) { ring.remove(); }
    ring = latlng ? L.marker(latlng, {
      icon: L.divIcon({ html: "", className: "msap-cible", iconSize: [38, 38] }), interactive: false, keyboard: false,
      zIndexOffset: -600
    }).addTo(S.carte) : null;
    if (ring) { ring.msapNom = true; }
    frame.focus({ preventScroll: true });
    told.forEach(function (fn) { fn(what || null); });
  }

  function close() {
    if (!box || box.hidden) { return; }
    var held = box.contains(document.activeElement);
    box.hidden = true;
    box.textContent = "";
    if (ring) { ring.remove(); ring = null; }
    if (held && before && before.isConnected) { before.focus({ preventScroll: true }); }
    told.forEach(function (fn) { fn(null); });
  }

  Object.assign(msap, {
    fiches: {
      commune: communeFiche, site: siteFiche, zone: zoneFiche, titreCommune: communeTitle, titreSite: siteTitle,
      titreZone: zoneTitle, libre: fiche, ouvrir: open, fermer: close
    },
    surCommune: function (fn, first) { S.dits[first ? "avant" : "commune"].push(fn); },
    surSite: function (fn) { S.dits.site.push(fn); },
    surFiche: function (fn) { told.push(fn); }
  });
})();
