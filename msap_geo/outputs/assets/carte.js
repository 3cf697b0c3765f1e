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
      if (close) { close.setAttribute("aria-label", "Fermer"); }
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape") { map.closePopup(); }
    });
  }

  // The whole territory at once, without a flight: a print or a picture may be taken at any time.
  function framing(map, bounds) {
    function frame() {
      map.invalidateSize({ animate: false });
      map.fitBounds(bounds, { padding: [12, 12], animate: false });
    }
    frame();
    window.addEventListener("load", frame);
    // A printed page shows the whole territory; the reader then finds the view that was left.
    var page = document.documentElement, left = null, paper = null;
    window.addEventListener("beforeprint", function () {
      left = { center: map.getCenter(), zoom: map.getZoom() };
      page.classList.add("msap-impression");
      frame();
      if (paper) { paper.remove(); }
      var sea = getComputedStyle(map.getContainer()).backgroundColor;
      paper = msap.trace.papier(msap.donnees().repere, map, sea).addTo(map);
    });
    window.addEventListener("afterprint", function () {
      page.classList.remove("msap-impression");
      paper.remove();
      map.invalidateSize({ animate: false });
      map.setView(left.center, left.zoom, { animate: false });
    });
  }

  function finish(map, bounds) {
    document.getElementById("msap-carte").appendChild(map.getContainer());
    controls(map);
    msap.ecouter(map);
    msap.panneau(map);
    msap.choix(map);
    framing(map, bounds);
    ready = map;
    waiting.forEach(function (fn) { fn(map); });
  }

  Object.assign(msap, { pret: whenReady, terminer: finish });
})();
