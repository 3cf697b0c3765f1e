// The map as a picture: the layers' own drawing, made with a pen that writes SVG, then signs, names, and a
// column of words. Words from data only ever go through textContent; what XML cannot hold is left out.
"use strict";
(function () {
  var SVG = "http://www.w3.org/2000/svg", COLUMN = 330, EDGE = 16, ACCENT = "#b5123e";

  function node(parent, tag, attributes, text) {
    var made = document.createElementNS(SVG, tag);
    Object.keys(attributes).forEach(function (name) { made.setAttribute(name, attributes[name]); });
    if (text !== undefined) { made.textContent = msap.convenable(text); }
    return parent ? parent.appendChild(made) : made;
  }

  function short(value) { return Math.round(10 * value) / 10; }

  // ---- A pen that writes SVG where a canvas would be painted --------------------------------

  var KEPT = ["fillStyle", "strokeStyle", "lineWidth", "lineJoin", "globalAlpha", "font", "textAlign", "dash", "turned"];

  class Pen {
    constructor(group, defs) {
      this.group = group; this.defs = defs; this.path = ""; this.kept = []; this.patterns = 0;
      this.fillStyle = this.strokeStyle = "#000"; this.lineWidth = 1; this.lineJoin = "miter"; this.globalAlpha = 1;
      this.globalCompositeOperation = "source-over"; this.font = "10px sans-serif"; this.textAlign = "start";
      this.dash = ""; this.turned = "";
    }

    beginPath() { this.path = ""; }
    moveTo(x, y) { this.path += "M" + short(x) + " " + short(y); }
    lineTo(x, y) { this.path += "L" + short(x) + " " + short(y); }
    closePath() { this.path += "Z"; }
    rect(x, y, w, h) { this.path += "M" + short(x) + " " + short(y) + "h" + short(w) + "v" + short(h) + "h" + short(-w) + "Z"; }
    arc(x, y, r) {
      var d = 2 * r;
      this.path += "M" + short(x - r) + " " + short(y) + "a" + r + " " + r + " 0 1 0 " + d + " 0a" + r + " " + r + " 0 1 0 " + -d + " 0Z";
    }
    setLineDash(dash) { this.dash = dash.join(" "); }
    save() { var pen = this; this.kept.push(KEPT.map(function (name) { return pen[name]; })); }
    restore() { var pen = this; (this.kept.pop() || []).forEach(function (value, i) { pen[KEPT[i]] = value; }); }
    translate(x, y) { this.turned += "translate(" + short(x) + " " + short(y) + ")"; }
    rotate(angle) { this.turned += "rotate(" + short(angle * 180 / Math.PI) + ")"; }
    createPattern(tile) {
      var id = "motif-" + this.defs.childNodes.length;
      var pattern = node(this.defs, "pattern", { id: id, width: tile.width, height: tile.height, patternUnits: "userSpaceOnUse" });
      node(pattern, "image", { href: tile.toDataURL(), width: tile.width, height: tile.height });
      return "url(#" + id + ")";
    }
    put(tag, attributes, text) {
      if (this.turned) { attributes.transform = this.turned; }
      if (this.globalAlpha < 1) { attributes.opacity = this.globalAlpha; }
      var made = node(null, tag, attributes, text);
      if (this.globalCompositeOperation === "destination-over") { this.group.insertBefore(made, this.group.firstChild); }
      else { this.group.appendChild(made); }
    }
    fill(rule) {
      if (this.path) { this.put("path", { d: this.path, fill: this.fillStyle, "fill-rule": rule || "nonzero" }); }
    }
    stroke() {
      if (!this.path) { return; }
      var line = { d: this.path, fill: "none", stroke: this.strokeStyle, "stroke-width": short(this.lineWidth), "stroke-linejoin": this.lineJoin };
      if (this.dash) { line["stroke-dasharray"] = this.dash; }
      this.put("path", line);
    }
    words(text, x, y, style) {
      var size = /(\d+)px/.exec(this.font), weight = /^\d+ /.exec(this.font);
      this.put("text", Object.assign({
        x: short(x), y: short(y), "font-size": size ? size[1] : 12, "font-weight": weight ? weight[0].trim() : 400,
        "text-anchor": this.textAlign === "center" ? "middle" : "start"
      }, style), text);
    }
    drawImage(image, x, y, w, h) { this.put("image", { href: image.src, x: short(x), y: short(y), width: short(w), height: short(h), preserveAspectRatio: "none" }); }
    fillText(text, x, y) { this.words(text, x, y, { fill: this.fillStyle }); }
    strokeText(text, x, y) { this.words(text, x, y, { fill: "none", stroke: this.strokeStyle, "stroke-width": this.lineWidth }); }
  }

  // ---- Signs, as carte.css draws them ---------------------------------------------------------

  function square(parent, half, fill, border, width, ring, ringWidth) {
    node(parent, "rect", { x: -half - ringWidth, y: -half - ringWidth, width: 2 * (half + ringWidth), height: 2 * (half + ringWidth), fill: ring, transform: "rotate(45)" });
    node(parent, "rect", { x: width / 2 - half, y: width / 2 - half, width: 2 * half - width, height: 2 * half - width, fill: fill, stroke: border, "stroke-width": width, transform: "rotate(45)" });
  }

  function disc(parent, radius, fill, border, width, dash) {
    node(parent, "circle", { r: radius - width / 2, fill: fill, stroke: border, "stroke-width": width, "stroke-dasharray": dash || "none" });
  }

  var SIGNS = {
    zone: function (g) { disc(g, 13, "none", ACCENT, 1); disc(g, 12, ACCENT, "#fff", 2); return "#fff"; },
    proposee: function (g) { disc(g, 14, "none", "#ffd23f", 2); disc(g, 12, "#fff", "#000", 2, "5 4"); },
    ouverte: function (g) { square(g, 10, "#ffd23f", "#000", 1.5, "#fff", 2); },
    fermee: function (g) { square(g, 8, "#fff", "#000", 1, "#fff", 0); },
    maison: function (g) { square(g, 8, "#000", "#fff", 2, "#000", 1); return "#fff"; },
    voisine: function (g) { square(g, 6, "#fff", "#000", 2, "#fff", 1); },
    itinerante: function (g) { square(g, 9, "#fff", "#000", 1.5, "#fff", 1.5); },
    autre: function (g) { disc(g, 4.5, "#ffd23f", "#000", 1); }
  };

  function kindOf(element) { return (/msap-signe-([a-z]+)/.exec(element.className) || ["", ""])[1]; }

  function sign(parent, element, x, y, scale) {
    var kind = kindOf(element), size = { fermee: 17, ouverte: 13 }[kind] || 11;
    var g = node(parent, "g", { transform: "translate(" + short(x) + " " + short(y) + ") scale(" + scale + ")", "class": "signe signe-" + kind });
    if (kind === "poste") { post(g, element); return; }
    var ink = SIGNS[kind] ? SIGNS[kind](g) || "#000" : "#000";
    if (element.textContent) {
      node(g, "text", { "text-anchor": "middle", y: 0.36 * size, "font-size": size, "font-weight": 700, fill: ink }, element.textContent);
    }
  }

  function post(g, element) {
    if (element.classList.contains("msap-triangle")) { node(g, "path", { d: "M-5.5 5L5.5 5L0 -5Z", fill: "#7a4b00" }); return; }
    if (element.classList.contains("msap-carre")) { node(g, "rect", { x: -3.5, y: -3.5, width: 7, height: 7, fill: "#fff", stroke: "#7a4b00", "stroke-width": 2 }); return; }
    disc(g, 4.5, "#fff", "#7a4b00", 2);
  }

  // What stands on the map as elements: an analyst's drawings and pins, our signs, then the names.
  function elements(map, parent) {
    var frame = map.getContainer().getBoundingClientRect();
    function shown(one) { var r = one.getBoundingClientRect(); return r.width && r.right > frame.left && r.left < frame.right && r.bottom > frame.top && r.top < frame.bottom ? r : null; }
    map.getContainer().querySelectorAll("canvas.leaflet-zoom-animated:not(.msap-toile), img.leaflet-marker-icon").forEach(function (one) {
      var r = shown(one), address = one.tagName === "CANVAS" ? one.toDataURL() : one.src;
      if (r && /^data:/.test(address)) { node(parent, "image", { href: address, x: short(r.left - frame.left), y: short(r.top - frame.top), width: short(r.width), height: short(r.height) }); }
    });
    var marks = Array.from(map.getContainer().querySelectorAll(".msap-marque")).filter(shown);
    marks.sort(function (a, b) { return (Number(a.style.zIndex) || 0) - (Number(b.style.zIndex) || 0); });
    marks.forEach(function (mark) {
      var one = mark.querySelector(".msap-signe"), r = one && one.getBoundingClientRect();
      if (!one) { return; }
      var x = (r.left + r.right) / 2 - frame.left, y = (r.top + r.bottom) / 2 - frame.top;
      if (one.hasAttribute("data-fil")) {
        var to = "M" + short(x) + " " + short(y) + "l" + [-parseFloat(one.style.getPropertyValue("--msap-dx")), -parseFloat(one.style.getPropertyValue("--msap-dy"))].join(" ");
        [["#fff", 3.5], ["#000", 1.5]].forEach(function (pen) { node(parent, "path", { d: to, fill: "none", stroke: pen[0], "stroke-width": pen[1] }); });
      }
      sign(parent, one, x, y, short(r.width / one.offsetWidth));
    });
    map.getContainer().querySelectorAll(".msap-route").forEach(function (name) {
      var r = shown(name);
      if (!r) { return; }
      var x = r.left - frame.left, y = r.top - frame.top;
      node(parent, "rect", { x: short(x), y: short(y), width: short(r.width), height: short(r.height), rx: 3, fill: "#fff", stroke: "#55566a" });
      node(parent, "text", { x: short(x + r.width / 2), y: short(y + 10), "text-anchor": "middle", "font-size": 10, "font-weight": 600, fill: "#16161d" }, name.textContent);
    });
    map.getContainer().querySelectorAll(".msap-ville").forEach(function (name) {
      var r = shown(name), size = parseFloat(name.style.fontSize) || 12;
      if (r) {
        node(parent, "text", {
          x: short(r.left - frame.left), y: short(r.top - frame.top + 0.95 * size), "font-size": size, "font-weight": 600, fill: "#16161d",
          stroke: "#fff", "stroke-width": 3, "stroke-linejoin": "round", "paint-order": "stroke", "class": "ville"
        }, name.textContent);
      }
    });
  }

  // ---- The column of words ----------------------------------------------------------------------

  var ruler = null;

  function wrapped(text, size, weight, room) {
    ruler = ruler || document.createElement("canvas").getContext("2d");
    ruler.font = weight + " " + size + "px system-ui, sans-serif";
    var lines = [], line = "";
    text.split(/[ \n]+/).forEach(function (word) {
      var longer = line ? line + " " + word : word;
      if (line && ruler.measureText(longer).width > room) { lines.push(line); line = word; } else { line = longer; }
    });
    return line ? lines.concat(line) : lines;
  }

  function Column(parent, x) { this.parent = parent; this.x = x; this.y = EDGE; }

  Column.prototype.say = function (text, size, weight, more) {
    var column = this, shift = more && more.shift || 0;
    wrapped(text, size, weight, COLUMN - 2 * EDGE - shift - (more && more.room || 0)).forEach(function (line) {
      column.y += 1.3 * size;
      node(column.parent, "text", { x: column.x + shift, y: short(column.y), "font-size": size, "font-weight": weight, fill: more && more.fill || "#1b1b2f" }, line);
    });
  };

  function textOf(element) {
    var copy = element.cloneNode(true), chosen = element.querySelectorAll("select");
    copy.querySelectorAll("select").forEach(function (list, i) { list.replaceWith(chosen[i].selectedOptions[0].textContent); });
    return copy.textContent.replace(/\s*\n\s*/g, " ").trim();
  }

  function all(selector) {
    return Array.from(document.querySelectorAll(selector)).filter(function (one) { return !one.closest("[hidden], .msap-nul"); });
  }

  function legendLine(column, item) {
    var swatch = item.firstElementChild, x = column.x, y = column.y + 11, told = item.querySelector(".msap-compte");
    var words = swatch.nextElementSibling;
    if (swatch.classList.contains("msap-pastille")) {
      node(column.parent, "rect", { x: x, y: y - 5, width: 22, height: 13, fill: swatch.style.backgroundColor, stroke: "#666" });
      if (swatch.classList.contains("msap-hachures")) { node(column.parent, "path", { d: "M" + x + " " + (y + 8) + "l8 -13m4 13l8 -13", stroke: "#fff", "stroke-width": 1.5 }); }
    } else if (swatch.classList.contains("msap-signe")) {
      sign(column.parent, swatch, x + 11, y + 2, 0.75);
    } else {
      node(column.parent, "path", { d: "M" + x + " " + (y + 2) + "h22", stroke: getComputedStyle(swatch).borderTopColor, "stroke-width": 2.5, "stroke-dasharray": /dashed/.test(getComputedStyle(swatch).borderTopStyle) ? "6 4" : /dotted/.test(getComputedStyle(swatch).borderTopStyle) ? "2 3" : "none" });
    }
    if (told) {
      node(column.parent, "text", { x: column.x + COLUMN - 2 * EDGE, y: y + 6, "font-size": 12, "text-anchor": "end", fill: "#1b1b2f", "class": "compte" }, textOf(told));
    }
    column.say(words ? textOf(words) : "", 12, 400, { shift: 30, room: told ? 84 : 0 });
    column.y += 4;
  }

  function words(column) {
    all("#msap-panneau .msap-bandeau").forEach(function (one) { column.say(textOf(one), 12, 700, { fill: ACCENT }); });
    all("#msap-panneau h1").forEach(function (one) { column.say(textOf(one), 22, 700); });
    all("#msap-panneau header .msap-sous").forEach(function (one) { column.say(textOf(one), 13, 400); });
    all("#msap-panneau header .msap-note").forEach(function (one) { column.say(textOf(one), 11, 400, { fill: "#55566a" }); });
    column.y += 8;
    all(".msap-chiffres li").forEach(function (one) {
      column.say(textOf(one.querySelector("strong")) + " " + textOf(one).replace(textOf(one.querySelector("strong")), "").replace(textOf(one.querySelector("small")), "").trim(), 14, 700);
      column.say(textOf(one.querySelector("small")), 11, 400, { fill: "#55566a" });
    });
    all(".msap-ou, .msap-essai-bilan").forEach(function (one) { column.say(textOf(one), 12, 400); });
    all(".msap-plan-phrase, .msap-plan-prix").forEach(function (one) { column.say(textOf(one), 12, 700); });
    all(".msap-plan-liste li").forEach(function (one) {
      var name = one.querySelector(".msap-essai-nom"), told = Array.from(name.childNodes).filter(function (part) { return part.tagName !== "SMALL"; });
      column.say(textOf(one.querySelector(".msap-signe")) + ". " + told.map(function (part) { return part.textContent; }).join("") + " : " + textOf(one.querySelector(".msap-compte")), 12, 400, { shift: 8 });
    });
    all(".msap-note-dite").forEach(function (one) { column.y += 6; column.say(one.textContent.trim(), 13, 600); });
    column.y += 10;
  }

  function legend(column) {
    var wide = msap.vueDEnsemble();
    all(wide ? ".msap-ensemble-cle" : ".msap-cle [data-theme]").forEach(function (part) {
      var heading = part.querySelector("h2");
      if (heading) { column.say(textOf(heading), 12, 700); column.y += 4; }
      Array.from(part.querySelectorAll("li")).forEach(function (item) { legendLine(column, item); });
    });
    if (!wide) { all(".msap-cle .msap-signes li").forEach(function (item) { legendLine(column, item); }); }
    column.y += 8;
    var credit = document.querySelector(".leaflet-control-attribution");
    all(".msap-papier").concat(credit ? [credit] : []).forEach(function (one) { column.say(textOf(one), 8, 400, { fill: "#55566a" }); });
  }

  // The whole picture, as an element: the map as it is seen, then its words.
  function picture(map) {
    var size = map.getSize(), root = node(null, "svg", { xmlns: SVG, "font-family": "system-ui, 'Segoe UI', Roboto, sans-serif" });
    node(root, "title", {}, document.title);
    var defs = node(root, "defs", {}), clip = node(defs, "clipPath", { id: "cadre" });
    node(clip, "rect", { width: size.x, height: size.y });
    var paper = node(root, "rect", { fill: "#fff" }), frame = node(root, "g", { "clip-path": "url(#cadre)" });
    node(frame, "rect", { width: size.x, height: size.y, fill: getComputedStyle(map.getContainer()).backgroundColor });
    msap.trace.peindre(map, msap.donnees().repere, new Pen(node(frame, "g", {}), defs));
    elements(map, frame);
    var column = new Column(node(root, "g", {}), size.x + EDGE);
    words(column);
    legend(column);
    var width = size.x + COLUMN, height = Math.ceil(Math.max(size.y, column.y + EDGE));
    [[paper, { width: width, height: height }], [root, { width: width, height: height, viewBox: "0 0 " + width + " " + height }]].forEach(function (one) {
      Object.keys(one[1]).forEach(function (name) { one[0].setAttribute(name, one[1][name]); });
    });
    return root;
  }

  function text(map) { return '<?xml version="1.0" encoding="UTF-8"?>\n' + new XMLSerializer().serializeToString(picture(map)) + "\n"; }

  // The same, in pixels: twice those of the screen.
  function pixels(map, done) {
    var root = picture(map), image = new Image(), sharp = 2;
    image.onload = function () {
      var canvas = document.createElement("canvas");
      canvas.width = sharp * Number(root.getAttribute("width"));
      canvas.height = sharp * Number(root.getAttribute("height"));
      /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob(done, "image/png");
    };
    image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(root));
  }

  msap.image = { svg: text, png: pixels };
})();
