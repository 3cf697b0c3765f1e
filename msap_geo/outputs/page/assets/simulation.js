// « Et si… » on the page: the map, the key figures, the tools, and the section itself. Words from data only
// ever go through textContent.
"use strict";
(function () {
  var el = msap.element, essai = msapEssai, vue = msapVue, parts = vue.parts, add = vue.ajouter;
  var E = null, TOP_ZONES = 15;

  // ---- The rest of the page ---------------------------------------------------------------------

  function figure(name, text) {
    document.querySelectorAll("[data-chiffre]").forEach(function (node) {
      if (node.dataset.chiffre === name) { node.textContent = text; }
    });
  }

  function count(name, value) {
    document.querySelectorAll("[data-signe]").forEach(function (node) {
      if (node.dataset.signe !== name) { return; }
      node.textContent = msap.nombre(value);
      node.closest("li").classList.toggle("msap-nul", !value);
    });
  }

  // The legend tells what is on the map now.
  function fillLegend() {
    var signs = essai.resultat().signes, said = msapPlan.signes(), states = { ouverte: 0, proposee: 0, fermee: 0 };
    document.querySelectorAll("[data-signe^='maison:']").forEach(function (node) {
      var kind = String(node.dataset.signe).slice(7);
      count(node.dataset.signe, signs.parGenre[kind] || 0);
    });
    Object.keys(said).forEach(function (index) { states[said[index][0]] += 1; });
    Object.keys(states).forEach(function (state) { count(state, states[state]); });
    count("voisine", signs.voisines);
    count("candidat", signs.candidats);
    count("zone", essai.resultat().zones.length);
    figure("maisons", vue.pluriel(signs.maisons, "Maison"));
  }

  function fillPage() {
    var r = essai.resultat(), worst = r.zones[0];
    r.seuils.forEach(function (line) {
      var s = String(line.seuil / 1000);
      figure("part-" + s, msap.part(line.population ? line.couverts / line.population : null));
      figure("couverts-" + s, msap.nombre(line.couverts));
      figure("audela-" + s, msap.nombre(line.audela));
      figure("communes-audela-" + s, vue.pluriel(line.communes, "commune"));
    });
    r.parClasse.habitants.forEach(function (people, i) { figure("classe-" + i, msap.nombre(people)); });
    figure("zones", vue.pluriel(r.zones.length, "zone blanche"));
    figure("zone-1", worst ? (r.zones.length > 1 ? "\u00a0; la plus peuplée, " : ", ") + zoneName(worst) + " : " + vue.pluriel(worst.population, "habitant") : "");
    parts.banner.textContent = "SIMULATION : " + vue.titre() + " ; pas l’état d’aujourd’hui";
    if (essai.vide()) { parts.banner.remove(); } else { document.querySelector(".msap-bandeaux").appendChild(parts.banner); }
    parts.section.classList.toggle("msap-essai-vide", essai.vide());
    document.documentElement.classList.toggle("msap-en-essai", !essai.vide());
    fillLegend();
    fillZones(r.zones.filter(msapPlan.deZone));
  }

  function zoneName(zone) { return msap.autour(msap.donnees().communes.nom[zone.principale]); }

  // Where a zone of the choice comes from: the zone of today of its name, else the one that gives it most people; and
  // what it swallowed besides.
  function origin(zone) {
    var best = /** @type {{id: string, rang: number, principale: number, communes: number[]} | null} */ (null), most = -1, shared = Object.create(null), base = essai.base();
    E.zoneDe = E.zoneDe || base.zones.reduce(function (of, one) {
      one.communes.forEach(function (c) { of[c] = one; });
      return of;
    }, Object.create(null));
    var inside = Object.create(null);
    zone.communes.forEach(function (c) {
      var from = E.zoneDe[c];
      inside[c] = true;
      if (!from) { return; }
      shared[from.rang] = from.id === zone.id ? Infinity : (shared[from.rang] || 0) + E.population[c];
      if (shared[from.rang] > most) { most = shared[from.rang]; best = from; }
    });
    if (!best) { return "nouvelle"; }
    var from = best, whole = from.communes.every(function (c) { return inside[c]; }), part = zone.communes.every(function (c) { return E.zoneDe[c] === from; });
    var swallowed = base.zones.filter(function (one) { return one.id !== from.id && one.communes.every(function (c) { return inside[c]; }); });
    var name = best.id === zone.id ? "" : part ? "partie de " + quoted(best) : whole ? quoted(best) + ", plus grande" : "en partie " + quoted(best);
    return [name].concat(swallowed.length ? "réunie à " + quoted(swallowed[0]) + (swallowed.length > 1 ? " et " + vue.pluriel(swallowed.length - 1, "autre") : "") : []).filter(Boolean).join(", ");
  }

  function quoted(zone) { return "«\u202f" + zoneName(zone) + "\u202f» (n°\u00a0" + zone.rang + " aujourd’hui)"; }

  // The table of the zones of today gives way to those of the choice.
  function fillZones(zones) {
    var section = document.getElementById("msap-section-zones");
    if (!section) { return; }
    /** @type {HTMLElement[]} */ (Array.from(section.children)).forEach(function (child) {
      if (child !== parts.zones && child.tagName !== "H2") { child.hidden = !essai.vide(); }
    });
    if (!parts.zones) { parts.zones = section.appendChild(el("div", "", "msap-defile")); }
    parts.zones.textContent = "";
    parts.zones.hidden = essai.vide();
    if (essai.vide()) { return; }
    if (!zones.length) { add(parts.zones, "p", "Aucune commune au-delà de ce temps."); return; }
    parts.zones.tabIndex = 0;
    parts.zones.setAttribute("role", "region");
    parts.zones.setAttribute("aria-label", "Zones blanches de la simulation");
    var table = add(parts.zones, "table", "", "msap-zones-essai"), head = add(add(table, "thead"), "tr"), body = add(table, "tbody");
    ["n°", "Zone", "Habitants", "Temps max."].forEach(function (name, i) { add(head, "th", name, i === 1 ? "msap-nom" : "").scope = "col"; });
    table.dataset.total = String(zones.length);
    zones.slice(0, TOP_ZONES).forEach(function (zone) {
      var line = add(body, "tr"), button = el("button", String(zone.rang));
      button.type = "button";
      button.dataset.zone = String(zone.rang);
      button.setAttribute("aria-label", "Zone blanche n° " + zone.rang + " : montrer sur la carte");
      add(line, "td").appendChild(button);
      var name = add(line, "td", zoneName(zone), "msap-nom");
      add(name, "small", [vue.pluriel(zone.communes.length, "commune"), origin(zone)].filter(Boolean).join(", "));
      add(line, "td", msap.nombre(zone.population));
      add(line, "td", msap.minutes(zone.minutesMax));
    });
    if (zones.length > TOP_ZONES) { add(parts.zones, "p", "Les " + TOP_ZONES + " plus peuplées ; toutes sont sur la carte.", "msap-note msap-ecran"); }
    msap.tableau(table);
  }

  var marked = {};

  function paintMap() {
    var r = essai.resultat(), wanted = msapPlan.signes();
    E.versSites = E.versSites || E.sites.site_id.map(function (id) { return msap.donnees().rangSite[id]; });
    if (r.tournees) { msap.couvrir(r.tournees.couverture); }
    msap.peindre(r.classes, essai.vide() ? msap.donnees().communes.site
      : Array.from(r.acces.site.subarray(0, E.n), function (site) { return site < 0 ? null : E.versSites[site]; }),
    essai.vide() ? msap.donnees().communes.minutes
      : Array.from(r.acces.millimes.subarray(0, E.n), function (millimes) { return millimes < 0 ? null : millimes / 1000; }));
    msap.dessinerZones(essai.vide() ? msap.donnees().zones : r.zones.map(function (zone) {
      return Object.assign({
        nom: zoneName(zone),
        lignes: [["Aujourd’hui", origin(zone)],
          ["Maison la plus proche pour le plus d’habitants", zone.site < 0 ? "aucune" : vue.nomDe(zone.site)]]
      }, zone);
    }));
    Object.keys(marked).forEach(function (index) {
      if (!wanted[index]) { msap.marquer(E.sites.site_id[index], index >= E.nMaisons ? "candidat" : "existante"); }
    });
    Object.keys(wanted).forEach(function (index) {
      if (String(marked[index]) !== String(wanted[index])) { msap.marquer(E.sites.site_id[index], wanted[index][0], wanted[index][1]); }
    });
    marked = wanted;
    msap.ranger();
  }

  // What a card says follows the choice: nothing of today's ranking or catchments is left beside it.
  function onSite(id) {
    var index = E.rang[id];
    if (index === undefined) { return null; }
    var r = essai.resultat(), office = index >= E.nMaisons, there = essai.choisi(id), lines = [], found = msapPlan.plan();
    var place = found ? found.sites.indexOf(id) : -1;
    if (place >= 0) { lines.push(["Plan de " + msap.nombre(found.n) + (found.n > 1 ? " bureaux" : " bureau"), "n° " + (place + 1) + ", tenu par " + msap.part(found.tenus[place]) + " des plans presque aussi bons"]); }
    if (office && !there) { lines = lines.concat(officeLines(r.classement.find(function (l) { return l.site === index; }))); }
    if (office) { lines.push(["Coût d’une Maison ici", priceWords(index)]); }
    var said = essai.vide() && msap.donnees().sites.lignes && msap.donnees().sites.lignes[id];
    // Today's catchment and what closing would take are in the card already: said once.
    if (!office && !there && said) {
      lines.push(["Ce que sa fermeture épargnerait", savedWords(index)]);
    } else if (!office && !there) {
      lines.push(["Habitants dont elle est la plus proche", msap.nombre(r.fermetures.usagers[index])],
        ["Ce que sa fermeture épargnerait", savedWords(index)],
        [essai.vide() ? "Si elle fermait" : "Si elle fermait aussi", vue.signe(-r.fermetures.perdus[index]) + " habitants à " + vue.premier()]);
    }
    var text = there ? (office ? "Retirer l’ouverture" : "Garder ouverte") : office ? "Simuler l’ouverture" : "Simuler la fermeture";
    return { lignes: lines, remplace: office || !essai.vide(), actions: [{ texte: text, faire: function () { essai.mettre(id, !there); } }] };
  }

  function officeLines(line) {
    return [
      [essai.vide() ? "S’il ouvrait" : "S’il ouvrait aussi", vue.signe(line.gagnes) + " habitants à " + vue.premier()],
      ["Habitants dont le trajet raccourcirait", msap.nombre(line.rapproches)],
      ["Gain moyen pour eux", line.rapproches ? msap.minutes(line.minutesGagnees) : ""],
      ["Trajet jusqu’à la Maison la plus proche", line.millimesMaison < 0 ? "" : msap.minutes(line.millimesMaison / 1000)],
      ["Note", line.score === null ? "" : msap.nombre(line.score, 1) + " / 100 (" + msap.donnees().note + ")"]
    ];
  }

  function savedWords(index) { return msap.nombre(msapMoteur.parAn(E, msapMoteur.epargne(E, [index])).total) + "\u202f€ par an"; }

  function priceWords(index) {
    var spent = msapMoteur.parAn(E, msapMoteur.couts(E, [index]));
    return msap.nombre(spent.total) + "\u202f€ par an" + (spent.etat ? ", dont État " + msap.nombre(spent.etat) + "\u202f€" : "");
  }

  function onCommune(c) {
    if (essai.vide()) { return []; }
    var a = essai.resultat().acces, site = a.site[c], millimes = a.millimes[c];
    var told = millimes >= 0 ? msap.minutes(millimes / 1000) + ", " + vue.nomDe(site)
      : millimes === msapMoteur.INCONNU ? "plus long que le dernier seuil" : "sans route";
    var found = essai.resultat().tournees, moving = !found ? [] : [["Couverture avec la simulation", vue.COUVERTURES[found.couverture[c]]],
      ["Heures itinérantes avec la simulation", msap.nombre(found.minutes[c] / 60 / E.tournees.semaines, 1) + " h par semaine"]];
    return [["Avec la simulation", told], ["Classe avec la simulation", msap.donnees().classes[essai.resultat().classes[c]].nom]].concat(moving);
  }

  // ---- Tools ------------------------------------------------------------------------------------

  function download(name, type, text) {
    var address = URL.createObjectURL(new Blob([text], { type: type }));
    var anchor = el("a");
    anchor.href = address;
    anchor.download = name;
    anchor.click();
    setTimeout(function () { URL.revokeObjectURL(address); }, 1000);
    parts.done.textContent = "Fichier « " + name + " » enregistré : msap-geo lancer etude.toml --choix " + name + " refait l’étude avec ce choix.";
  }

  function copyLink() {
    var address = location.href.split("#")[0] + essai.fragment();
    parts.link.value = address;
    parts.linkBox.hidden = false;
    function byHand() {
      parts.link.focus();
      parts.link.select();
      parts.done.textContent = "Copiez le lien sélectionné (Ctrl+C).";
    }
    if (!navigator.clipboard) { byHand(); return; }
    navigator.clipboard.writeText(address).then(function () { parts.done.textContent = "Lien copié."; }, byHand);
  }

  function refreshTools() {
    parts.undo.disabled = !essai.peutAnnuler();
    parts.redo.disabled = !essai.peutRetablir();
    [parts.clear, parts.json, parts.csv].forEach(function (button) { button.disabled = essai.vide(); });
    parts.copy.disabled = !essai.fragment();
    parts.tools.hidden = essai.vide() && parts.undo.disabled && parts.redo.disabled;
    parts.copy.hidden = !essai.adressable();
  }

  // What is folded is filled when it unfolds: a long list of Maisons would slow every change.
  var folded = [];

  function whenOpen(box, fill) {
    folded.push([box, fill]);
    box.addEventListener("toggle", function () { if (box.open) { fill(); } });
  }

  function refresh() {
    parts.done.textContent = "";
    parts.linkBox.hidden = true;
    [
      vue.bilan, vue.choisis, vue.chiffres, msapPlan.remplir, msapCote.remplir, fillPage, paintMap, refreshTools
    ].forEach(function (fill) { fill(); });
    folded.forEach(function (part) { if (part[0].open) { part[1](); } });
    parts.costsBox.hidden = essai.vide();
    [parts.figuresBox, parts.whoBox].forEach(function (box) { box.hidden = essai.vide(); });
  }

  // ---- The section itself -----------------------------------------------------------------------

  function details(parent, text, open) {
    var node = add(parent, "details", "", "msap-essai-pli");
    add(node, "summary", text);
    node.open = Boolean(open);
    return node;
  }

  function picker(parent, caption, headers, fill) {
    var label = add(parent, "label", "Chercher ", "msap-essai-cherche"), search = add(label, "input");
    search.type = "search";
    search.placeholder = "nom ou commune";
    search.addEventListener("input", function () { fill(); });
    var frame = add(parent, "div", "", "msap-essai-cadre");
    frame.tabIndex = 0;
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", caption);
    var table = add(frame, "table"), head = add(add(table, "thead"), "tr");
    headers.forEach(function (name, i) { add(head, "th", name, i === 1 ? "msap-nom" : "").scope = "col"; });
    add(table, "tbody");
    msap.tableau(table);
    return { table: table, search: search, note: add(parent, "p", "", "msap-note") };
  }

  function build(host) {
    var section = parts.section = add(host, "section", "", "msap-essai"), heading = add(section, "h2", "Et si…");
    heading.id = "msap-essai-titre";
    section.setAttribute("aria-labelledby", heading.id);
    add(section, "p", "Ouvrez une Maison dans un bureau de poste, simulez une fermeture : carte, zones et chiffres sont recalculés aussitôt.", "msap-note msap-essai-aide");
    parts.status = add(section, "p", "", "msap-essai-bilan");
    parts.status.setAttribute("role", "status");
    parts.status.setAttribute("aria-live", "polite");
    parts.zonesSaid = add(section, "p", "", "msap-note");
    parts.unknown = add(section, "p", "", "msap-essai-alerte");
    parts.unknown.setAttribute("role", "alert");
    parts.missing = add(section, "p", "", "msap-note");
    buildTools(section);
    parts.chosen = add(section, "ul", "", "msap-essai-liste");
    parts.figuresBox = add(section, "div", "", "msap-essai-avant");
    parts.figures = add(parts.figuresBox, "table", "", "msap-essai-chiffres");
    var head = add(add(parts.figures, "thead"), "tr");
    ["Chiffre", "Aujourd’hui", "Simulation", "Écart"].forEach(function (name) { add(head, "th", name).scope = "col"; });
    add(parts.figures, "tbody");
    parts.mute = add(parts.figuresBox, "p", "", "msap-note");
    msapCote.construire(section, E);
    buildPickers(section);
    parts.whoBox = details(section, "Qui gagne, qui perd");
    parts.who = add(parts.whoBox, "div", "", "msap-texte");
    parts.costsBox = details(section, "Coût et épargne, par payeur");
    parts.costs = add(parts.costsBox, "div");
    whenOpen(parts.whoBox, vue.qui);
    whenOpen(parts.costsBox, vue.couts);
  }

  function buildPickers(section) {
    var pickers = add(section, "div", "", "msap-essai-choix"), opening = details(pickers, "Choisir les bureaux à ouvrir");
    parts.box = opening.firstChild;
    parts.offices = picker(opening, "Bureaux candidats, du plus utile au moins utile aujourd’hui", ["Choix", "Bureau", "Hab. gagnés", "Note"], vue.bureaux);
    add(opening, "p", "Habitants gagnés : ceux que ce bureau amènerait à " + vue.premier() + " ou moins en plus de votre choix ; la note est refaite de même, si elle ne pèse que ce que la page sait recalculer.", "msap-note");
    var closing = details(pickers, "Simuler des fermetures de Maisons");
    if (E.tournees) {
      var stops = details(pickers, "Tenir ou non des arrêts de tournées");
      parts.stopsBox = stops.firstChild;
      parts.stops = picker(stops, "Arrêts de tournées, ceux d’aujourd’hui puis ceux en projet", ["Tenu", "Arrêt", "Hab. à portée sans Maison"], vue.arrets);
      add(stops, "p", "Une tournée ne fait pas disparaître une zone blanche : ses heures se comptent à part. Couleur des communes « permanent, itinérant, aucun » : la carte suit la simulation.", "msap-note");
      whenOpen(stops, vue.arrets);
    }
    whenOpen(opening, vue.bureaux);
    whenOpen(closing, vue.maisons);
    parts.maisons = picker(closing, "Maisons, de celle dont la fermeture se sent le moins à celle où elle se sent le plus", ["Choix", "Maison", "Hab. dont c’est la plus proche", "Hab. à " + vue.premier()], vue.maisons);
  }

  function buildTools(section) {
    var tools = parts.tools = add(section, "p", "", "msap-essai-outils");
    function tool(name, text, act) { parts[name] = tools.appendChild(msap.bouton(text, act)); }
    tool("undo", "Annuler", essai.annuler);
    tool("redo", "Rétablir", essai.retablir);
    tool("clear", "Tout annuler", essai.effacer);
    tool("json", "JSON", function () { download("choix.json", "application/json", essai.json()); });
    tool("csv", "CSV", function () { download("choix.csv", "text/csv", essai.csv()); });
    tool("copy", "Copier le lien", copyLink);
    parts.json.setAttribute("aria-label", "Enregistrer le choix en JSON");
    parts.csv.setAttribute("aria-label", "Enregistrer le choix en CSV");
    parts.linkBox = add(section, "p");
    parts.linkBox.hidden = true;
    parts.link = add(add(parts.linkBox, "label", "Lien de cette simulation "), "input");
    parts.link.readOnly = true;
    parts.done = add(section, "p", "", "msap-note");
    parts.done.setAttribute("role", "status");
  }

  function shortcuts(event) {
    var typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) && event.target.type !== "checkbox";
    if (typing || !(event.ctrlKey || event.metaKey) || event.altKey) { return; }
    var key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) { essai.annuler(); }
    else if (key === "y" || (key === "z" && event.shiftKey)) { essai.retablir(); }
    else { return; }
    event.preventDefault();
  }

  function begin(host, data) {
    E = msapMoteur.preparer(data);
    vue.brancher(E);
    build(host);
    msapPlan.construire(E);
    parts.banner = el("p", "", "msap-bandeau msap-bandeau-essai");
    essai.ecouter(refresh);
    msap.surSite(onSite);
    msap.surCommune(onCommune, true);
    document.addEventListener("keydown", shortcuts);
    essai.demarrer(E);
  }

  msap.pret(function () {
    var host = document.getElementById("msap-simulation"), data = msap.donnees();
    if (host && data.simulation) { begin(host, data); }
    // Of a wide territory it is unfolded once the page is shown (simulation_vaste.js).
    if (host && msap.deplierEssai) {
      msap.deplierEssai(function (told) {
        data.simulation = told;
        begin(host, data);
      });
    }
  });
})();
