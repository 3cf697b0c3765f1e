// Layers that answer a question of their own: reach, roads, catchments, target groups, change.
"use strict";
(function () {
  var el = msap.element, data = null, group = 0, shown = null, reach = 0;
  function lines(ctx, shape, seen, colour, width, dash) {
    msap.tracer(ctx, shape, seen, shape.all(), colour, width, dash);
  }

  // The area within one threshold, filled: several at once hide one another.
  function isochrones() {
    data = msap.donnees();
    var shape = new msap.trace.Topologie(data.isochrones.trace);
    return msap.nouvelleToile("isochrones", function (ctx, view) {
      var seen = shape.seen(view);
      ctx.fillStyle = "rgba(106, 61, 154, 0.34)";
      ctx.beginPath();
      shape.pathArea(ctx, reach, seen);
      ctx.fill("evenodd");
      var arcs = shape.outline([reach]);
      msap.tracer(ctx, shape, seen, arcs, "#fff", 4);
      msap.tracer(ctx, shape, seen, arcs, "#4a1486", 2);
    });
  }

  function roads() {
    data = msap.donnees();
    var ranks = data.routes.map(function (arcs) { return new msap.trace.Topologie({ arcs: arcs, anneaux: "" }); });
    return msap.nouvelleToile("routes", function (ctx, view) {
      var wide = Math.max(1, Math.min(4, view.zoom - 7)), widths = [wide + 0.8, wide, 0.65 * wide];
      // Every border first, so that roads open into one another.
      [{ ink: "rgba(40, 44, 52, 0.75)", more: 1 }, { ink: "#fff", more: -0.2 }].forEach(function (pass) {
        for (var rank = ranks.length - 1; rank >= 0; rank -= 1) {
          lines(ctx, ranks[rank], ranks[rank].seen(view), pass.ink, widths[rank] + pass.more);
        }
      });
    });
  }

  function basins() {
    data = msap.donnees();
    var shape = data.topologie, of = null, borders = null;
    return msap.nouvelleToile("bassins", function (ctx, view) {
      var seen = shape.seen(view);
      if (of !== msap.etat.lieux) {
        of = msap.etat.lieux;
        borders = shape.between(Array.from(of, function (site) { return site === null ? -1 : site; }));
      }
      msap.tracer(ctx, shape, seen, borders, "#fff", 4.5);
      msap.tracer(ctx, shape, seen, borders, "#000", 2, [2, 4]);
    });
  }

  // One circle a commune beyond the first threshold, its surface as the people of the group.
  function circles() {
    data = msap.donnees();
    var c = data.communes;
    return msap.nouvelleToile("publics", function (ctx, view) {
      var values = data.publics[group].valeurs, most = Math.max.apply(null, values.filter(Boolean).concat(1));
      var scale = Math.max(10, Math.min(30, 4 * (view.zoom - 4))) / Math.sqrt(most);
      ctx.fillStyle = "rgba(255, 255, 255, 0.7)"; ctx.strokeStyle = "#000"; ctx.lineWidth = 1.2;
      values.map(function (_, i) { return i; }).filter(function (i) { return values[i] && msap.auDela(i); })
        .sort(function (a, b) { return values[b] - values[a]; })
        .forEach(function (i) {
          ctx.beginPath();
          ctx.arc(c.x[i] * view.k + view.dx, c.y[i] * view.k + view.dy,
            Math.max(1.5, scale * Math.sqrt(values[i])), 0, 2 * Math.PI);
          ctx.fill(); ctx.stroke();
        });
    });
  }

  // How many of a group live beyond the first threshold, as the map is painted now.
  function tellGroup() {
    var note = document.getElementById("msap-publics-note");
    if (!note) { return; }
    var values = data.publics[group].valeurs, beyond = 0, all = 0, unknown = 0;
    values.forEach(function (value, i) {
      if (value === null) { unknown += 1; return; }
      all += value;
      if (msap.auDela(i)) { beyond += value; }
    });
    note.textContent = "À plus de " + data.seuils[0] + " min : " + msap.nombre(beyond) + " "
      + data.publics[group].nom + " sur " + msap.nombre(all)
      + (unknown ? " (" + msap.compte(unknown, "commune") + " sans donnée)" : "") + ". Surface des cercles proportionnelle.";
  }

  // Minutes in steps of five, those of the trial too: what the classes of the thresholds hide.
  var FINE = ["#ffffd9", "#edf8b1", "#c7e9b4", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#253494", "#081d58"], STEP = 5;

  function fine() {
    var last = FINE.length - 1, classes = FINE.map(function (colour, i) {
      return { nom: i === last ? "plus de " + STEP * last + "\u202fmin" : i ? "de " + STEP * i + " à " + STEP * (i + 1) + "\u202fmin" : STEP + "\u202fmin ou moins", couleur: colour, hachures: false };
    });
    classes.push({ nom: "sans route, ou temps inconnu", couleur: "#77787c", hachures: true });
    return { classes: classes, classe: Array.from(msap.etat.minutes, function (minutes) {
      return minutes === null ? last + 1 : Math.min(last, Math.max(0, Math.ceil(minutes / STEP) - 1));
    }) };
  }

  function fillFine() {
    var list = document.querySelector("[data-theme='fin'] ul"), found = fine(), people = found.classes.map(function () { return 0; });
    found.classe.forEach(function (rank, i) { people[rank] += data.communes.population[i]; });
    list.textContent = "";
    found.classes.forEach(function (line, rank) {
      if (!people[rank]) { return; }
      var item = list.appendChild(el("li")), swatch = item.appendChild(el("span", "", "msap-pastille" + (line.hachures ? " msap-hachures" : "")));
      swatch.style.backgroundColor = line.couleur;
      item.appendChild(el("span", line.nom));
      item.appendChild(el("span", msap.nombre(people[rank]) + " hab.", "msap-compte"));
    });
    return found;
  }

  function choices(map) {
    data = msap.donnees();
    var within = document.getElementById("msap-portee");
    if (within) {
      within.addEventListener("change", function () { reach = Number(within.value); msap.couches.isochrones.redraw(); });
    }
    var theme = document.getElementById("msap-theme"), people = document.getElementById("msap-publics");
    if (theme) {
      theme.addEventListener("change", function () {
        shown = theme.value === "acces" ? null : theme.value === "fin" ? fillFine() : data[theme.value];
        msap.theme(shown);
        document.querySelectorAll("[data-theme]").forEach(function (legend) {
          legend.hidden = legend.dataset.theme !== theme.value;
        });
      });
    }
    msap.surPeinture(function () {
      if (theme && theme.value === "fin") { msap.theme(shown = fillFine()); }
      if (theme && theme.value === "couverture") { msap.theme(shown = data.couverture); }
    });
    if (people) {
      people.addEventListener("change", function () {
        var layer = msap.couches.publics, note = document.getElementById("msap-publics-note");
        if (people.value === "") { map.removeLayer(layer); note.textContent = ""; return; }
        group = Number(people.value);
        map.addLayer(layer);
        layer.redraw();
        tellGroup();
      });
      msap.surPeinture(function () {
        if (people.value !== "") { msap.couches.publics.redraw(); tellGroup(); }
      });
    }
    if (data.evolution) {
      msap.surCommune(function (i) {
        return [[(/\//.test(data.evolution.depuis) ? "Le " : "En ") + data.evolution.depuis, msap.minutes(data.evolution.minutesAvant[i])],
          ["Depuis lors", data.evolution.classes[data.evolution.classe[i]].nom]];
      });
    }
    if (data.sansVoiture) {
      msap.surCommune(function (i) {
        var found = data.sansVoiture;
        return [["Sans voiture", msap.compte(found.jours[i], "jour")], ["Le meilleur jour", found.mots[i]]];
      });
    }
    if (data.couverture) {
      msap.surCommune(function (i) {
        var found = data.couverture;
        return [["Couverture", found.classes[(found.aujourdhui || found.classe)[i]].nom], ["Heures itinérantes à portée", found.heures[i]],
          ["Arrêts dans la commune", found.arrets[i]]];
      });
    }
    ["fragilite", "debit", "fibre"].forEach(function (key) {
      var found = data[key];
      if (found) {
        msap.surCommune(function (i) {
          return [[found.choix.charAt(0).toUpperCase() + found.choix.slice(1), found.mots[i]]];
        });
      }
    });
    if (data.publics) {
      msap.surCommune(function (i) {
        return data.publics.map(function (one) {
          return [one.nom.charAt(0).toUpperCase() + one.nom.slice(1), one.valeurs[i] === null ? "" : msap.nombre(one.valeurs[i])];
        });
      });
    }
  }

  // What covers each commune with the choice at hand: the colours and the legend follow it.
  function cover(kinds) {
    var found = data.couverture, box = document.querySelector("[data-theme='couverture']");
    if (!found || !box) { return; }
    found.aujourdhui = found.aujourdhui || found.classe;
    found.classe = Array.from(kinds);
    var people = found.classes.map(function () { return 0; });
    found.classe.forEach(function (kind, i) { people[kind] += data.communes.population[i]; });
    Array.from(box.querySelectorAll(".msap-compte"), function (node, kind) { node.textContent = msap.nombre(people[kind]) + " hab."; });
  }

  msap.couvrir = cover;
  // What must not be forgotten is written across the map, on paper too.
  function watermark(map) {
    data = msap.donnees();
    if (!data.filigrane) { return; }
    msap.trace.toile(data.repere, 90, function (ctx, view) {
      ctx.save();
      ctx.font = "700 22px system-ui, sans-serif"; ctx.textAlign = "center";
      ctx.lineWidth = 3; ctx.lineJoin = "round";
      ctx.strokeStyle = "rgba(255, 255, 255, 0.25)"; ctx.fillStyle = "rgba(27, 27, 47, 0.17)";
      for (var y = 90, row = 0; y < view.height + 90; y += 170, row += 1) {
        for (var x = row % 2 ? 0 : 200; x < view.width + 200; x += 400) {
          ctx.save();
          ctx.translate(x, y); ctx.rotate(-0.42);
          ctx.strokeText(data.filigrane, 0, 0); ctx.fillText(data.filigrane, 0, 0);
          ctx.restore();
        }
      }
      ctx.restore();
    }).addTo(map);
  }

  msap.filigrane = watermark;
  Object.assign(msap.faiseurs, { isochrones: isochrones, routes: roads, bassins: basins, publics: circles });
  msap.choix = choices;
})();
