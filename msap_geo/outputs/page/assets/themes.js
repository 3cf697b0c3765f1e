// Layers that answer a question of their own: reach, roads, catchments, target groups, change.
"use strict";
(function () {
  var el = msap.element, data = null, group = 0, shown = null;
  var DASHES = [[], [9, 5], [2, 4], [12, 4, 2, 4]];

  function lines(ctx, shape, seen, colour, width, dash) {
    msap.tracer(ctx, shape, seen, shape.all(), colour, width, dash);
  }

  // Areas within each threshold: an outline each, told apart by its dashes.
  function isochrones() {
    data = msap.donnees();
    var shape = new msap.trace.Topologie(data.isochrones.trace);
    return msap.nouvelleToile("isochrones", function (ctx, view) {
      var seen = shape.seen(view);
      for (var area = shape.areas - 1; area >= 0; area--) {
        ctx.fillStyle = "rgba(255, 255, 255, 0.16)";
        ctx.beginPath();
        shape.pathArea(ctx, area, seen);
        ctx.fill("evenodd");
        var arcs = shape.outline([area]);
        msap.tracer(ctx, shape, seen, arcs, "#fff", 4);
        msap.tracer(ctx, shape, seen, arcs, "#4a1486", 2, DASHES[area % DASHES.length]);
      }
    });
  }

  function roads() {
    data = msap.donnees();
    var shape = new msap.trace.Topologie({ arcs: data.routes, anneaux: "" });
    return msap.nouvelleToile("routes", function (ctx, view) {
      var seen = shape.seen(view), wide = Math.max(1, Math.min(4, view.zoom - 7));
      lines(ctx, shape, seen, "rgba(40, 44, 52, 0.75)", wide + 1);
      lines(ctx, shape, seen, "#fff", wide - 0.2);
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

  function choices(map) {
    data = msap.donnees();
    var theme = document.getElementById("msap-theme"), people = document.getElementById("msap-publics");
    if (theme) {
      theme.addEventListener("change", function () {
        shown = theme.value === "acces" ? null : data[theme.value];
        msap.theme(shown);
        document.querySelectorAll("[data-theme]").forEach(function (legend) {
          legend.hidden = legend.dataset.theme !== theme.value;
        });
      });
    }
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
        return [["En " + data.evolution.depuis, msap.minutes(data.evolution.minutesAvant[i])],
          ["Depuis", data.evolution.classes[data.evolution.classe[i]].nom]];
      });
    }
    if (data.sansVoiture) {
      msap.surCommune(function (i) {
        var found = data.sansVoiture;
        return [["Sans voiture", msap.compte(found.jours[i], "jour")], ["Le meilleur jour", found.mots[i]]];
      });
    }
    if (data.publics) {
      msap.surCommune(function (i) {
        return data.publics.map(function (one) {
          return [one.nom.charAt(0).toUpperCase() + one.nom.slice(1), one.valeurs[i] === null ? "" : msap.nombre(one.valeurs[i])];
        });
      });
    }
  }

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
