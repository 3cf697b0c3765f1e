// Of a country or a wide region: the trial is unfolded once the map is shown, and told for the whole or for one
// département, the one of the list or the one entered on the map. Words from data only ever go through textContent.
"use strict";
(function () {
  var el = msap.element, essai = msapEssai, vue = msapVue, S = msap.etat, E = null, area = "", host = null, parts = {};

  // ---- Unfolding: base64, then gzip, then JSON ---------------------------------------------------

  function read(block) {
    var text = atob(block), bytes = new Uint8Array(text.length);
    for (var i = 0; i < text.length; i += 1) { bytes[i] = text.charCodeAt(i); }
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
  }

  // Whoever waits for the plan is told so; a browser without the means, how to do without.
  function unfold(then) {
    var block = document.getElementById("msap-essai-plie"), note;
    host = document.getElementById("msap-plan");
    if (!block || !host) { return; }
    note = host.appendChild(el("p", "Le plan se prépare…", "msap-note"));
    note.setAttribute("role", "status");
    function fail() {
      note.textContent = "Ce navigateur ne sait pas ouvrir le plan ni la simulation de cette carte (il faut Firefox 113, Chrome ou Edge 80, Safari 16.4, ou plus récent). "
        + "La carte, les zones et les tableaux restent justes.";
    }
    function now() {
      if (typeof DecompressionStream === "undefined") { fail(); return; }
      read(block.textContent).then(function (told) {
        note.remove();
        block.remove();
        then(told);
      }).catch(fail);
    }
    // The map is painted first.
    function soon() {
      requestAnimationFrame(function () {
        if (window.requestIdleCallback) { window.requestIdleCallback(now, { timeout: 500 }); } else { setTimeout(now, 100); }
      });
    }
    if (document.readyState === "complete") { soon(); } else { window.addEventListener("load", soon); }
  }

  // ---- The whole, or one département -------------------------------------------------------------

  function departementOf(code) { return code.slice(0, /^9[78]/.test(code) ? 3 : 2); }

  function inside(index) { return !area || departementOf(E.sites.code_insee[index] || "") === area; }

  function place() { return msap.donnees().departements.findIndex(function (one) { return one.code === area; }); }

  function rows() {
    var at = place(), found = [];
    msap.donnees().communes.departement.forEach(function (d, i) { if (d === at) { found.push(i); } });
    return found;
  }

  function choose(code) {
    area = code;
    parts.select.value = code;
    S.cadre = area ? frame() : null;
    essai.redire();
  }

  // What a printed page shows of the map.
  function frame() {
    var box = [Infinity, Infinity, -Infinity, -Infinity], shape = msap.donnees().topologie;
    rows().forEach(function (c) {
      var own = shape.box.subarray(4 * c, 4 * c + 4);
      if (own[0] > own[2]) { return; }
      box = [Math.min(box[0], own[0]), Math.min(box[1], own[1]), Math.max(box[2], own[2]), Math.max(box[3], own[3])];
    });
    return box[0] > box[2] ? null : msap.donnees().repere.bounds(box);
  }

  function name() {
    var one = msap.donnees().departements[place()];
    return one.nom + " (" + one.code + ")";
  }

  function touches(zone) {
    var at = place(), of = msap.donnees().communes.departement;
    return !area || zone.communes.some(function (c) { return of[c] === at; });
  }

  // The zones of a département are those that touch it.
  function fillZones() {
    var heading = document.querySelector("#msap-section-zones h2"), zones = essai.resultat().zones;
    if (!heading) { return; }
    parts.zones = parts.zones || heading.appendChild(el("small"));
    parts.zones.textContent = area ? " " + name() + " : " + msap.nombre(zones.filter(touches).length) + " sur " + msap.nombre(zones.length) : "";
    var left = 0;
    msap.donnees().zones.forEach(function (zone) {
      var button = document.querySelector("#msap-zones [data-zone='" + zone.rang + "']");
      if (!button) { return; }
      button.closest("tr").hidden = !touches(zone);
      left += touches(zone) ? 1 : 0;
    });
    // Titles of columns over nothing say nothing.
    var box = document.querySelector("#msap-section-zones .msap-defile:has(#msap-zones)");
    if (!box || !essai.vide()) { return; }
    parts.none = parts.none || /** @type {Element} */ (box.parentNode).appendChild(el("p", "Aucune commune au-delà de ce temps."));
    [box, box.nextElementSibling].forEach(function (node) { if (node && node !== parts.none) { node.classList.toggle("msap-nul", !left); } });
    parts.none.classList.toggle("msap-nul", left > 0);
  }

  function beyond(acces) {
    return rows().reduce(function (sum, c) {
      return sum + (acces.millimes[c] < 0 || acces.millimes[c] > E.seuils[0] ? E.population[c] : 0);
    }, 0);
  }

  // What the département is today, and with the choice; or why no plan is told.
  function fill() {
    var plans = area ? E.plansDe[area] || [] : E.plans, said = [];
    if (area) {
      var was = beyond(essai.base().acces), is = beyond(essai.resultat().acces), people = rows().reduce(function (sum, c) { return sum + E.population[c]; }, 0);
      said.push(name() + (is === was ? " : " : " avec la simulation : ") + msap.compte(is, "habitant") + " au-delà de " + vue.premier() + " sur " + msap.nombre(people)
        + (is === was ? "." : " (" + msap.nombre(was) + " aujourd’hui)."));
    }
    if (!plans.length) {
      said.push((area ? "Aucun bureau de poste candidat de ce département" : "Aucun bureau de poste candidat") + " n’amènerait d’habitants à " + vue.premier()
        + " ou moins ; les fermetures et les ouvertures s’essaient plus bas.");
    }
    parts.said.textContent = said.join(" ");
    parts.said.hidden = !said.length;
    fillZones();
  }

  function option(code, name, plans) {
    var best = plans[plans.length - 1], node = parts.select.appendChild(el("option", name + (best ? ", +" + msap.nombre(best.gain) + " hab. à gagner" : "")));
    node.value = code;
  }

  function build() {
    var box = el("div"), line = box.appendChild(el("p", "", "msap-choix")), label = line.appendChild(el("label", "Plan et simulation pour"));
    label.htmlFor = "msap-territoire";
    parts.select = line.appendChild(el("select"));
    parts.select.id = "msap-territoire";
    option("", "tout le territoire", E.plans);
    msap.donnees().departements.forEach(function (one) { option(one.code, one.nom + " (" + one.code + ")", E.plansDe[one.code] || []); });
    parts.said = box.appendChild(el("p", "", "msap-note"));
    parts.said.dataset.chiffre = "departement";
    host.insertBefore(box, host.firstChild);
    parts.select.addEventListener("change", function () {
      choose(parts.select.value);
      if (area) { (msap.montrerTerritoire || msap.cadrage.montrer.bind(null, S.carte))(rows()); } else { msap.cadrage.tout(S.carte, null); }
    });
    if (msap.surEntree) { msap.surEntree(choose); }
  }

  essai.ecouter(function () {
    if (!E) {
      E = essai.moteur();
      msapPlan.limiter({
        plans: function () { return area ? E.plansDe[area] || [] : E.plans; }, dedans: inside, zone: touches, entiere: function () { return !area; }
      });
      build();
    }
    fill();
  });

  msap.deplierEssai = unfold;
})();
