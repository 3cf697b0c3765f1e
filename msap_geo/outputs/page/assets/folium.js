// What Folium's layers need of the programs Folium would fetch: pins, colour scales, and the one use
// its popups make of jQuery.
"use strict";
// oxlint-disable-next-line no-unused-vars
function $(markup) {
  if (typeof markup !== "string") {
    return { ready: function (act) {
      if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", act); } else { act(); }
    } };
  }
  var mould = document.createElement("template");
  mould.innerHTML = markup.trim();
  return [mould.content.firstChild];
}
var msapFolium = (function () {
  var COLOURS = {
    red: "#d63e2a", darkred: "#a13336", lightred: "#ff8e7f", orange: "#f69730", beige: "#ffcb92", green: "#72b026",
    darkgreen: "#728224", lightgreen: "#bbf970", blue: "#38aadd", darkblue: "#0067a3", lightblue: "#8adaff",
    purple: "#d252b9", darkpurple: "#5b396b", pink: "#ff91ea", cadetblue: "#436978", white: "#fbfbfb",
    gray: "#575757", lightgray: "#a3a3a3", black: "#303030"
  };
  // The pictures of a fetched font are not at hand: a few have a letter of their own, others a dot.
  var SIGNS = {
    "info-sign": "i", info: "i", star: "★", home: "⌂", flag: "⚑", heart: "♥", envelope: "✉", phone: "☎", ok: "✓",
    check: "✓", "ok-sign": "✓", remove: "×", times: "×", "remove-sign": "×", plus: "+", minus: "−", question: "?",
    "question-sign": "?", exclamation: "!", "exclamation-sign": "!", cloud: "☁", euro: "€"
  };

  function escaped(text) { return String(text).replace(/[&<>"]/g, ""); }

  // folium.Icon: a pin of its colour.
  function pin(options) {
    var colour = escaped(COLOURS[options.markerColor] || options.markerColor || COLOURS.blue);
    var ink = escaped(COLOURS[options.iconColor] || options.iconColor || "#fff");
    var sign = SIGNS[options.icon], inside = sign
      ? '<text x="14" y="19.5" text-anchor="middle" font-family="sans-serif" font-weight="700" font-size="15" fill="' + ink + '">' + sign + "</text>"
      : '<circle cx="14" cy="14" r="5" fill="' + ink + '"/>';
    var svg = '<svg xmlns="http://www.w3.org/2000/svg" width="28" height="40" viewBox="0 0 28 40">' +
      '<path d="M14 39 C11 30 1.5 24 1.5 14 a12.5 12.5 0 0 1 25 0 C26.5 24 17 30 14 39z" fill="' + colour +
      '" stroke="#222" stroke-width="1"/>' + inside + "</svg>";
    return L.icon({
      iconUrl: "data:image/svg+xml," + encodeURIComponent(svg), iconSize: [28, 40], iconAnchor: [14, 39],
      popupAnchor: [0, -34], tooltipAnchor: [14, -24], className: "msap-epingle"
    });
  }

  // branca.colormap: the colours along a line, its labels under it.
  function scale(map, domain, colours, ticks, caption) {
    var WIDE = 250, low = domain[0], span = (domain[domain.length - 1] - low) || 1;
    var control = L.control({ position: "topright" });
    control.onAdd = function () {
      var box = L.DomUtil.create("div", "msap-echelle"), canvas = document.createElement("canvas");
      box.style.cssText = "background:#fff;color:#000;padding:4px 16px 2px;font:12px system-ui,sans-serif";
      canvas.width = WIDE; canvas.height = 10;
      canvas.style.display = "block";
      var pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
      colours.forEach(function (colour, i) {
        pen.fillStyle = colour;
        pen.fillRect(i * WIDE / colours.length, 0, WIDE / colours.length + 1, 10);
      });
      box.appendChild(canvas);
      var labels = box.appendChild(document.createElement("div"));
      labels.style.cssText = "position:relative;height:15px;width:" + WIDE + "px";
      ticks.forEach(function (tick) {
        if (tick === "") { return; }
        var label = labels.appendChild(document.createElement("span"));
        label.textContent = String(tick);
        label.style.cssText = "position:absolute;transform:translateX(-50%);left:" + (Number(tick) - low) / span * WIDE + "px";
      });
      box.appendChild(document.createElement("div")).textContent = caption;
      return box;
    };
    return control.addTo(map);
  }

  L.AwesomeMarkers = { icon: pin };
  return { echelle: scale };
})();
