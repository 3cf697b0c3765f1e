// How each layer looks and speaks. Words from data only ever go through textContent.
"use strict";
var msap = (function () {
  var surfaces = {
    commune: function (f) {
      return { color: "#8a8f98", weight: 0.6, fillColor: f.properties.couleur, fillOpacity: 1 };
    },
    departement: function () {
      return { color: "#2b2b33", weight: 1.6, fill: false, interactive: false };
    },
    zone: function () {
      return { color: "#b5123e", weight: 2.6, dashArray: "7 4", fill: false };
    }
  };

  var all = null;
  function data(kind) {
    all = all || JSON.parse(document.getElementById("msap-donnees").textContent);
    return { type: "FeatureCollection", features: all[kind] };
  }

  function element(tag, text, className) {
    var node = document.createElement(tag);
    if (text) { node.textContent = text; }
    if (className) { node.className = className; }
    return node;
  }

  function fiche(properties) {
    var node = element("div", "", "msap-fiche");
    node.appendChild(element("h3", properties.titre));
    var list = element("dl");
    properties.lignes.forEach(function (line) {
      list.appendChild(element("dt", line[0]));
      list.appendChild(element("dd", line[1]));
    });
    node.appendChild(list);
    return node;
  }

  // Never wider than the screen, never under the controls.
  function popup() {
    return {
      maxWidth: Math.min(340, window.innerWidth - 160),
      minWidth: 180,
      autoPanPaddingTopLeft: [52, 8],
      autoPanPaddingBottomRight: [60, 8]
    };
  }

  function sign(kind, text, size, title) {
    return {
      icon: L.divIcon({
        html: element("span", text, "msap-signe msap-signe-" + kind),
        className: "msap-marque",
        iconSize: [size, size]
      }),
      title: title,
      alt: title
    };
  }

  // Points: a marker that says what it is by its shape, not by its colour alone.
  function place(kind, feature, latlng) {
    var p = feature.properties;
    if (kind === "ville") {
      var name = element("span", p.nom, "msap-ville");
      return L.marker(latlng, {
        icon: L.divIcon({ html: name, className: "msap-marque", iconSize: [0, 0], iconAnchor: [-14, 6] }),
        interactive: false, keyboard: false, zIndexOffset: -500
      });
    }
    if (kind === "candidat") {
      if (!p.premier) {
        return L.circleMarker(latlng, { radius: 4, color: "#000", weight: 1, fillColor: "#ffd23f", fillOpacity: 1 });
      }
      var options = sign("candidat", String(p.rang), 22, p.titre);
      options.zIndexOffset = 1000 - p.rang;
      return L.marker(latlng, options);
    }
    if (kind === "poste") {
      return L.circleMarker(latlng, { radius: 4, color: "#7a4b00", weight: 2, fillColor: "#fff", fillOpacity: 1 });
    }
    return L.marker(latlng, sign(kind, "", 22, p.titre));
  }

  function dress(kind, feature, layer) {
    if (layer.setStyle && surfaces[kind]) { layer.setStyle(surfaces[kind](feature)); }
    // Outlines let the click through to the commune below; a zone speaks through its number.
    if (kind === "departement" || kind === "zone") { layer.options.interactive = false; return; }
    if (feature.properties.titre) {
      layer.bindPopup(function () { return fiche(feature.properties); }, popup());
    }
    if (kind === "commune") {
      layer.bindTooltip(function () { return element("span", feature.properties.titre); }, { sticky: true });
    }
  }

  function layersOf(group, id) {
    return group.getLayers().filter(function (layer) {
      return layer.feature && layer.feature.properties.id === id;
    });
  }

  function show(map, group, id) {
    if (!map.hasLayer(group)) { map.addLayer(group); }
    layersOf(group, id).forEach(function (layer) {
      if (layer.getBounds) {
        map.fitBounds(layer.getBounds(), { maxZoom: 12, padding: [40, 40], animate: false });
      } else {
        if (!layer.feature.properties.ancre) {
          map.setView(layer.getLatLng(), Math.max(map.getZoom(), 11), { animate: false });
        }
        layer.openPopup();
      }
    });
  }

  function finish(map, zones, candidates, bounds) {
    map.attributionControl.setPrefix(false);
    L.control.zoom({ zoomInTitle: "Agrandir", zoomOutTitle: "Réduire" }).addTo(map);
    L.control.scale({ imperial: false }).addTo(map);
    // The number of a zone belongs to its layer, and so does the white that lifts its outline off
    // the darkest class: they come and go with it.
    zones.getLayers().forEach(function (layer) {
      var p = layer.feature.properties;
      var halo = { color: "#fff", weight: 5, opacity: 0.9, fill: false };
      zones.addLayer(L.geoJSON(layer.feature, { interactive: false, style: halo }));
      layer.bringToFront();
      var options = sign("zone", String(p.rang), 22, p.titre);
      options.zIndexOffset = 1500;
      var number = L.marker(p.ancre, options);
      number.feature = layer.feature;
      number.bindPopup(function () { return fiche(p); }, popup());
      zones.addLayer(number);
    });
    document.querySelectorAll("[data-zone]").forEach(function (button) {
      button.addEventListener("click", function () { show(map, zones, button.dataset.zone); });
    });
    document.querySelectorAll("[data-candidat]").forEach(function (button) {
      button.addEventListener("click", function () { show(map, candidates, button.dataset.candidat); });
    });
    document.getElementById("msap-carte").appendChild(map.getContainer());
    map.on("popupopen", function (event) {
      var close = event.popup.getElement().querySelector(".leaflet-popup-close-button");
      if (close) { close.setAttribute("aria-label", "Fermer"); }
    });
    document.addEventListener("keydown", function (event) {
      if (event.key === "Escape") { map.closePopup(); }
    });
    var toggle = document.querySelector(".leaflet-control-layers-toggle");
    if (toggle) { toggle.title = "Couches"; toggle.setAttribute("aria-label", "Couches"); }
    // The whole territory at once, without a flight: a print or a picture may be taken at any time.
    function frame() {
      map.invalidateSize({ animate: false });
      map.fitBounds(bounds, { padding: [12, 12], animate: false });
    }
    frame();
    window.addEventListener("load", frame);
    // A printed page shows the whole territory; the reader then finds the view that was left.
    var page = document.documentElement, left = null;
    window.addEventListener("beforeprint", function () {
      left = { center: map.getCenter(), zoom: map.getZoom() };
      page.classList.add("msap-impression");
      frame();
    });
    window.addEventListener("afterprint", function () {
      page.classList.remove("msap-impression");
      map.invalidateSize({ animate: false });
      map.setView(left.center, left.zoom, { animate: false });
    });
  }

  return { donnees: data, habiller: dress, poser: place, terminer: finish };
})();
