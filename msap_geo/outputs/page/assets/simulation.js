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

  function fillPage() {
    var r = essai.resultat();
    r.seuils.forEach(function (line) {
      var s = String(line.seuil / 1000);
      figure("part-" + s, msap.part(line.population ? line.couverts / line.population : null));
      figure("couverts-" + s, msap.nombre(line.couverts));
      figure("audela-" + s, msap.nombre(line.audela));
      figure("communes-audela-" + s, vue.pluriel(line.communes, "commune"));
    });
    r.parClasse.habitants.forEach(function (people, i) { figure("classe-" + i, msap.nombre(people)); });
    figure("zones", vue.pluriel(r.zones.length, "zone blanche"));
    parts.banner.textContent = "ESSAI : " + vue.titre() + " ; pas l’état d’aujourd’hui";
    if (essai.vide()) { parts.banner.remove(); } else { document.querySelector(".msap-bandeaux").appendChild(parts.banner); }
    parts.section.classList.toggle("msap-essai-vide", essai.vide());
    fillZones(r.zones);
    setAside();
  }

  // The ranking of today's candidates gives way to the one of the choice, further up.
  function setAside() {
    var table = document.getElementById("msap-candidats"), section = table && table.closest("section");
    if (!section) { return; }
    if (!parts.aside) { parts.aside = add(section, "p", "Pendant l’essai, voir le classement de « Et si… ».", "msap-note"); }
    section.classList.toggle("msap-ecran", !essai.vide());
    Array.from(section.children).forEach(function (child) {
      if (child.tagName !== "H2") { child.hidden = (child === parts.aside) === essai.vide(); }
    });
  }

  // The table of the zones of today gives way to those of the choice.
  function fillZones(zones) {
    var heading = document.querySelector("[data-chiffre=zones]"), section = heading && heading.closest("section");
    if (!section) { return; }
    Array.from(section.children).forEach(function (child) {
      if (child !== parts.zones && !child.contains(heading)) { child.hidden = !essai.vide(); }
    });
    if (!parts.zones) { parts.zones = section.appendChild(el("div")); }
    parts.zones.textContent = "";
    parts.zones.hidden = essai.vide();
    if (essai.vide()) { return; }
    if (!zones.length) { add(parts.zones, "p", "Aucune commune au-delà de ce temps."); return; }
    var table = add(parts.zones, "table"), head = add(add(table, "thead"), "tr"), body = add(table, "tbody");
    ["n°", "Habitants", "Communes", "Temps le plus long"].forEach(function (name) { add(head, "th", name).scope = "col"; });
    zones.slice(0, TOP_ZONES).forEach(function (zone) {
      var line = add(body, "tr"), button = el("button", String(zone.rang));
      button.type = "button";
      button.dataset.zone = String(zone.rang);
      button.setAttribute("aria-label", "Zone blanche n° " + zone.rang + " : montrer sur la carte");
      add(line, "td").appendChild(button);
      add(line, "td", msap.nombre(zone.population));
      add(line, "td", msap.nombre(zone.communes.length));
      add(line, "td", msap.minutes(zone.minutesMax));
    });
    if (zones.length > TOP_ZONES) { add(parts.zones, "p", "Les " + TOP_ZONES + " plus peuplées ; toutes sont sur la carte.", "msap-note"); }
    msap.tableau(table);
  }

  var marked = {};

  function paintMap() {
    var r = essai.resultat(), choice = essai.choix(), wanted = {};
    msap.peindre(r.classes);
    msap.dessinerZones(essai.vide() ? msap.donnees().zones : r.zones.map(function (zone) {
      return Object.assign({
        nom: msap.donnees().communes.nom[zone.principale],
        lignes: [["Maison la plus proche pour le plus d’habitants", zone.site < 0 ? "aucune" : vue.nomDe(zone.site)]]
      }, zone);
    }));
    choice.ouverts.forEach(function (index) { wanted[index] = "ouverte"; });
    choice.fermes.forEach(function (index) { wanted[index] = "fermee"; });
    Object.keys(marked).forEach(function (index) {
      if (!wanted[index]) { msap.marquer(E.sites.site_id[index], index >= E.nMaisons ? "candidat" : "existante"); }
    });
    Object.keys(wanted).forEach(function (index) {
      if (marked[index] !== wanted[index]) { msap.marquer(E.sites.site_id[index], wanted[index]); }
    });
    marked = wanted;
  }

  function onSite(id) {
    var index = E.rang[id];
    if (index === undefined) { return null; }
    var office = index >= E.nMaisons, there = essai.choisi(id), lines = [];
    if (office && !there) {
      var line = essai.resultat().classement.filter(function (l) { return l.site === index; })[0];
      lines.push([essai.vide() ? "S’il ouvrait" : "S’il ouvrait aussi", vue.signe(line.gagnes) + " habitants à " + vue.premier()]);
    }
    if (!office && !there) {
      lines.push(["Si elle fermait", vue.signe(-essai.resultat().fermetures.perdus[index]) + " habitants à " + vue.premier()]);
    }
    var text = there ? (office ? "Retirer l’ouverture" : "Rouvrir") : office ? "Ouvrir ici" : "Fermer";
    return { lignes: lines, actions: [{ texte: text, faire: function () { essai.mettre(id, !there); } }] };
  }

  function onCommune(c) {
    if (essai.vide()) { return []; }
    var a = essai.resultat().acces, site = a.site[c], millimes = a.millimes[c];
    var told = millimes >= 0 ? msap.minutes(millimes / 1000) + ", " + vue.nomDe(site)
      : millimes === msapMoteur.INCONNU ? "plus long que le dernier seuil" : "sans route";
    return [["Avec l’essai", told], ["Classe avec l’essai", msap.donnees().classes[essai.resultat().classes[c]].nom]];
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
    parts.copy.disabled = essai.vide();
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
      vue.bilan, vue.choisis, vue.chiffres, vue.optimum, fillPage, paintMap, refreshTools
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
    add(section, "p", "Ouvrez une Maison dans un bureau de poste, fermez-en une : carte, zones et chiffres sont recalculés aussitôt.", "msap-note msap-essai-aide");
    parts.status = add(section, "p", "", "msap-essai-bilan");
    parts.status.setAttribute("role", "status");
    parts.status.setAttribute("aria-live", "polite");
    parts.unknown = add(section, "p", "", "msap-essai-alerte");
    parts.unknown.setAttribute("role", "alert");
    parts.missing = add(section, "p", "", "msap-note");
    buildTools(section);
    buildPickers(section);
    parts.chosen = add(section, "ul", "", "msap-essai-liste");
    parts.figuresBox = add(section, "div", "", "msap-essai-avant");
    parts.figures = add(parts.figuresBox, "table", "", "msap-essai-chiffres");
    var head = add(add(parts.figures, "thead"), "tr");
    ["Chiffre", "Aujourd’hui", "Essai", "Écart"].forEach(function (name) { add(head, "th", name).scope = "col"; });
    add(parts.figures, "tbody");
    parts.mute = add(parts.figuresBox, "p", "", "msap-note");
    parts.optimum = add(section, "div", "", "msap-essai-optimum");
    parts.whoBox = details(section, "Qui gagne, qui perd");
    parts.who = add(parts.whoBox, "div", "", "msap-texte");
    parts.costsBox = details(section, "Coût des ouvertures, par payeur");
    parts.costs = add(parts.costsBox, "div");
    whenOpen(parts.whoBox, vue.qui);
    whenOpen(parts.costsBox, vue.couts);
  }

  function buildPickers(section) {
    var pickers = add(section, "div", "", "msap-essai-choix"), opening = details(pickers, "Bureaux à ouvrir", true);
    parts.box = opening.firstChild;
    parts.offices = picker(opening, "Bureaux candidats, du plus utile au moins utile à votre choix", ["Choix", "Bureau", "Hab. gagnés", "Note"], vue.bureaux);
    add(opening, "p", "Habitants gagnés : ceux que ce bureau amènerait à " + vue.premier() + " ou moins en plus de votre choix ; la note est refaite de même, si elle ne pèse que ce que la page sait recalculer.", "msap-note");
    var closing = details(pickers, "Maisons à fermer");
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
    parts.link = add(add(parts.linkBox, "label", "Lien de cet essai "), "input");
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

  msap.pret(function () {
    var host = document.getElementById("msap-simulation"), data = msap.donnees();
    if (!host || !data.simulation) { return; }
    E = msapMoteur.preparer(data);
    vue.brancher(E);
    build(host);
    parts.banner = el("p", "", "msap-bandeau msap-bandeau-essai");
    essai.ecouter(refresh);
    msap.surSite(onSite);
    msap.surCommune(onCommune);
    document.addEventListener("keydown", shortcuts);
    essai.demarrer(E);
  });
})();
