// What a reader takes away: a note of one's own, a print, a picture. The note is in the link, in the print and
// in the picture; it is only ever written as text.
"use strict";
(function () {
  var el = msap.element, note = "", listeners = [], MOST = 600, field = null, said = null;

  function addressed() { return /^(file|https?):$/.test(location.protocol); }

  function inAddress() {
    var found = /(?:^#|&)n=([^&]*)/.exec(location.hash);
    if (!found) { return ""; }
    try { return decodeURIComponent(found[1]).slice(0, MOST); } catch (malformed) { return found[1].slice(0, MOST); }
  }

  function show() {
    document.querySelectorAll(".msap-note-dite").forEach(function (box) {
      box.textContent = note;
      box.hidden = !note;
    });
    if (field && field.value !== note) { field.value = note; }
  }

  function fragment() { return note ? "n=" + encodeURIComponent(note) : ""; }

  function write(text) {
    note = text.trim() ? msap.convenable(text) : "";
    show();
    if (listeners.length) { listeners.forEach(function (fn) { fn(); }); return; }
    if (!addressed()) { return; }
    var address = location.href.split("#")[0] + (note ? "#" + fragment() : "");
    try { history.replaceState(null, "", address); } catch (refused) { location.hash = fragment(); }
  }

  function save(name, blob) {
    var address = URL.createObjectURL(blob), anchor = el("a");
    anchor.href = address;
    anchor.download = name;
    anchor.click();
    setTimeout(function () { URL.revokeObjectURL(address); }, 1000);
    said.textContent = "Fichier « " + name + " » enregistré.";
  }

  // On the wall or on a desk: the page of A3 is a sheet of its own.
  function print(wall) {
    document.documentElement.classList.toggle("msap-a3", wall);
    window.addEventListener("afterprint", function () { document.documentElement.classList.remove("msap-a3"); }, { once: true });
    window.print();
  }

  function build(map) {
    var host = document.getElementById("msap-emporter");
    if (!host) { return; }
    var label = host.appendChild(el("label", "Note, gardée dans le lien, l’impression et l’image"));
    field = host.appendChild(el("textarea"));
    field.id = "msap-note";
    field.rows = 3;
    field.maxLength = MOST;
    label.htmlFor = field.id;
    field.addEventListener("input", function () { write(field.value); });
    var tools = host.appendChild(el("p", "", "msap-essai-outils"));
    [
      ["Imprimer (A4)", function () { print(false); }], ["Imprimer en A3, paysage", function () { print(true); }],
      ["Image PNG", function () { msap.image.png(map, function (blob) { save("carte.png", blob); }); }],
      ["Image SVG", function () { save("carte.svg", new Blob([msap.image.svg(map)], { type: "image/svg+xml" })); }]
    ].forEach(function (tool) { tools.appendChild(msap.bouton(tool[0], tool[1])); });
    said = host.appendChild(el("p", "", "msap-note"));
    said.setAttribute("role", "status");
    host.appendChild(el("p", "L’image est celle de la carte telle qu’on la voit, avec ses chiffres et sa légende ; un fond en ligne n’y est pas repris.", "msap-note"));
    function restore() { note = inAddress(); show(); }
    window.addEventListener("hashchange", restore);
    restore();
  }

  msap.emporter = { construire: build, fragment: fragment, surNote: function (fn) { listeners.push(fn); } };
})();
