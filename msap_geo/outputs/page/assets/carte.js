// The last words: controls in French, links between panel and map, printing.
"use strict";
(function () {
  var ready = null, waiting = [];

  function whenReady(fn) { if (ready) { fn(ready); } else { waiting.push(fn); } }

  function controls(map) {
    map.attributionControl.setPrefix(false);
    L.control.zoom({ zoomInTitle: "Agrandir", zoomOutTitle: "Réduire" }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    var toggle = document.querySelector(".leaflet-control-layers-toggle");
    if (toggle) { toggle.title = "Couches"; toggle.setAttribute("aria-label", "Couches"); }
    map.on("popupopen", function (event) {
      var close = event.popup.getElement().querySelector(".leaflet-popup-close-button");
      if (close) { close.setAttribute("aria-label", "Masquer la bulle"); }
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape") { map.closePopup(); msap.fiches.fermer(); }
    });
  }

  // The whole territory at once, without a flight: a print or a picture may be taken at any time.
  function framing(map, bounds) {
    // On paper the département a reader chose, where the page has a choice of them.
    function shown() { return msap.etat.cadre && page.classList.contains("msap-impression") ? msap.etat.cadre : bounds; }
    function frame() {
      map.invalidateSize({ animate: false });
      var paper = page.classList.contains("msap-impression");
      if (paper || !msap.cadrage.tout(map, legend)) { map.fitBounds(shown(), { padding: [12, 12], animate: false }); }
      if (!paper) { home = { center: map.getCenter(), zoom: map.getZoom() }; }
    }
    // As long as the reader has not moved it, the whole territory stays clear of what comes over the map: a
    // telephone turned, a window made smaller, the banner of a trial.
    var home = null;
    function again() {
      if (page.classList.contains("msap-impression")) { return; }
      var kept = home && map.getZoom() === home.zoom && map.project(map.getCenter()).distanceTo(map.project(home.center)) < 3;
      if (kept) { frame(); } else { msap.ranger(); }
    }
    var page = document.documentElement, legend = document.querySelector("details.msap-cle");
    if (legend && (window.innerWidth <= 760 || window.innerHeight <= 520)) { legend.open = false; }
    frame();
    if (msap.ensemble) { msap.ensemble(map); }
    msap.commencer();
    window.addEventListener("load", function () {
      var size = map.getSize();
      map.invalidateSize({ animate: false });
      if (!size.equals(map.getSize())) { frame(); }
      watch(".msap-bandeaux", function (node) { if (getComputedStyle(node).position === "fixed") { again(); } });
      watch("details.msap-cle", msap.ranger);
      map.on("resize", function () { requestAnimationFrame(again); });
    });
    // Once shown: what lies over the map may change its size at any time.
    function watch(what, then) {
      var node = document.querySelector(what), before = node ? node.offsetHeight : 0;
      if (!node) { return; }
      new ResizeObserver(function () {
        var high = node.offsetHeight;
        if (high !== before && !page.classList.contains("msap-impression")) { then(node); }
        before = high;
      }).observe(node);
    }
    // The territory fills its frame. Wide, it takes what the rest leaves of one sheet: 277 mm between the
    // margins of A4, at 96 dpi. Tall, or on A3, it stands beside the words, as wide as it needs.
    function fit() {
      var wall = page.classList.contains("msap-a3"), box = L.latLngBounds(shown());
      var corner = map.project(box.getNorthWest(), 12), far = map.project(box.getSouthEast(), 12);
      var shape = (far.x - corner.x) / Math.max(1, far.y - corner.y);
      page.classList.toggle("msap-cote", wall || shape < 0.75);
      if (wall || shape < 0.75) {
        var sheet = wall ? [1500, 1030] : [710, 1030], words = wall ? 380 : 300;
        var wide = Math.min(sheet[0] - words, Math.max(0.5 * sheet[0], shape * (sheet[1] - 24) + 24));
        page.style.setProperty("--msap-large", Math.round(wide) + "px");
        page.style.setProperty("--msap-haut", Math.round(Math.min(sheet[1], (wide - 24) / shape + 24)) + "px");
        // Words as large as the sheet holds them.
        for (var size = wall ? 1.5 : 1.1; size > 0.5; size -= 0.1) {
          page.style.setProperty("--msap-loupe", size.toFixed(1));
          if (panel.offsetHeight * (panel.currentCSSZoom ? size : 1) <= sheet[1] - 10 && document.body.scrollHeight <= sheet[1]) { break; }
        }
        return;
      }
      page.style.setProperty("--msap-haut", "100px");
      for (var scale = 1, left = 0; scale > 0.45; scale -= 0.1) {
        page.style.setProperty("--msap-loupe", scale.toFixed(1));
        left = 1040 - (document.body.scrollHeight - 100);
        if (left >= 320) { break; }
      }
      page.style.setProperty("--msap-haut", Math.max(240, Math.min(640, left - 36)) + "px");
    }
    // A printed page shows the whole territory; the reader then finds the view that was left.
    var panel = document.getElementById("msap-panneau"), left = null;
    // A page read with its legend open tells of it too: what is settled already is not settled again.
    var told = legend && legend.open;
    function folded() {
      var open = Boolean(legend && legend.open);
      if (open !== told) { told = open; msap.ranger(); }
    }
    if (legend) { legend.addEventListener("toggle", folded); }
    // On paper a table holds its first rows: how many of all is told under it.
    function countRows() {
      document.querySelectorAll(".msap-zones-papier").forEach(function (note) { note.remove(); });
      /** @type {NodeListOf<HTMLTableElement>} */ (document.querySelectorAll("#msap-section-zones table")).forEach(function (table) {
        var rows = Array.from(table.tBodies[0].rows).filter(function (row) { return !row.hidden; });
        var shown = rows.filter(function (row) { return row.getClientRects().length; }).length;
        var all = Number(table.dataset.total || rows.length);
        if (shown && shown < all) {
          table.after(msap.element("p", "Les " + msap.nombre(shown) + " plus peuplées sur " + msap.nombre(all) + " ; toutes sont sur la carte.", "msap-note msap-zones-papier"));
        }
      });
    }
    window.addEventListener("beforeprint", function () {
      left = { center: map.getCenter(), zoom: map.getZoom(), snap: map.options.zoomSnap, open: legend && legend.open };
      page.classList.add("msap-impression");
      map.options.zoomSnap = 0;
      if (legend) { legend.open = true; }
      countRows();
      fit();
      frame();
      msap.trace.imprimer(map, msap.donnees().repere, getComputedStyle(map.getContainer()).backgroundColor);
    });
    window.addEventListener("afterprint", function () {
      page.classList.remove("msap-impression", "msap-cote");
      if (legend) { legend.open = left.open; }
      map.options.zoomSnap = left.snap;
      map.invalidateSize({ animate: false });
      map.setView(left.center, left.zoom, { animate: false });
      msap.trace.imprimer(map, msap.donnees().repere, null);
    });
    return frame;
  }

  // The legend tells of the layers that are on the map.
  function legend(map) {
    function tell() {
      document.querySelectorAll("[data-couche]").forEach(function (line) {
        var layer = msap.couches[String(line.dataset.couche)];
        line.hidden = !layer || !map.hasLayer(layer);
      });
    }
    map.on("layeradd layerremove", function (event) {
      if (Object.keys(msap.couches).some(function (kind) { return msap.couches[kind] === event.layer; })) { tell(); }
    });
    tell();
  }

  // What an analyst wrote in the page with Folium, and gave no place of its own, is read in the panel.
  function strays() {
    var panel = document.getElementById("msap-panneau");
    Array.from(document.body.children).forEach(function (node) {
      var ours = node === panel || node.id === "msap-carte" || node.matches("script, style, .msap-saut, .folium-map");
      if (!ours && getComputedStyle(node).position === "static") { panel.appendChild(node); }
    });
  }

  function finish(map, bounds) {
    strays();
    document.getElementById("msap-carte").appendChild(map.getContainer());
    controls(map);
    msap.ecouter(map);
    msap.panneau(map);
    msap.choix(map);
    msap.emporter.construire(map);
    legend(map);
    msap.filigrane(map);
    var frame = framing(map, bounds), key = document.querySelector("details.msap-cle"), tried = key && msap.donnees().simulation ? key : null;
    var high = tried ? tried.offsetHeight : 0;
    ready = map;
    waiting.forEach(function (fn) { fn(map); });
    // The plan has signs of its own in the legend, which then lies over more of the map.
    if (tried && tried.offsetHeight > high) { frame(); }
  }

  Object.assign(msap, { pret: whenReady, terminer: finish });
})();
