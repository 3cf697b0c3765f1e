// The panel: search, rows and map showing one another.
"use strict";
(function () {
  var el = msap.element, MOST = 8;

  // Communes by name, code or accent-free words, then sites; what begins with the words comes first.
  function entries() {
    var data = msap.donnees();
    var communes = data.communes.nom.map(function (name, i) {
      return { texte: name, detail: data.communes.code[i], plain: msap.sansAccent(name + " " + data.communes.code[i]),
        poids: data.communes.population[i], aller: function () { msap.montrerCommune(i); } };
    });
    var sites = data.sites.id.map(function (id, i) {
      return { texte: data.sites.nom[i], detail: data.roles[data.sites.role[i]] + ", " + data.sites.commune[i],
        plain: msap.sansAccent(data.sites.nom[i]), poids: data.sites.lat[i] === null ? -1 : 0,
        aller: function () { msap.montrerSite(id); } };
    });
    return communes.concat(sites);
  }

  function found(all, words) {
    var wanted = msap.sansAccent(words).trim();
    if (!wanted) { return []; }
    return all.map(function (entry) {
      var at = entry.plain.indexOf(wanted);
      return at < 0 ? null : { entry: entry, rank: at === 0 ? 0 : entry.plain[at - 1] === " " ? 1 : 2 };
    }).filter(Boolean).sort(function (a, b) {
      return a.rank - b.rank || b.entry.poids - a.entry.poids;
    }).slice(0, MOST).map(function (hit) { return hit.entry; });
  }

  // The list-box pattern: the field keeps the focus, arrows move the choice, Enter takes it.
  function search() {
    var field = document.getElementById("msap-recherche"), list = document.getElementById("msap-reponses");
    var told = document.getElementById("msap-reponses-nombre");
    if (!field) { return; }
    var all = null, hits = [], current = -1;
    function close() {
      list.hidden = true; hits = []; current = -1;
      field.setAttribute("aria-expanded", "false");
      field.removeAttribute("aria-activedescendant");
    }
    function choose(i) {
      current = i;
      Array.from(list.children).forEach(function (item, k) { item.setAttribute("aria-selected", String(k === i)); });
      if (i < 0) { field.removeAttribute("aria-activedescendant"); return; }
      field.setAttribute("aria-activedescendant", list.children[i].id);
      list.children[i].scrollIntoView({ block: "nearest" });
    }
    function take(i) {
      var entry = hits[i];
      if (!entry) { return; }
      field.value = entry.texte;
      close();
      entry.aller();
    }
    field.addEventListener("input", function () {
      all = all || entries();
      hits = found(all, field.value);
      list.textContent = "";
      hits.forEach(function (entry, i) {
        var item = el("li", entry.texte);
        item.id = "msap-reponse-" + i;
        item.setAttribute("role", "option");
        item.appendChild(el("small", entry.detail));
        item.addEventListener("mousedown", function (event) { event.preventDefault(); take(i); });
        list.appendChild(item);
      });
      list.hidden = hits.length === 0;
      field.setAttribute("aria-expanded", String(hits.length > 0));
      told.textContent = field.value.trim() ? hits.length ? msap.compte(hits.length, "réponse") : "Aucune réponse" : "";
      choose(hits.length ? 0 : -1);
    });
    field.addEventListener("keydown", function (event) {
      if (event.key === "Escape") { close(); }
      if (!hits.length) { return; }
      if (event.key === "ArrowDown") { choose((current + 1) % hits.length); event.preventDefault(); }
      if (event.key === "ArrowUp") { choose((current + hits.length - 1) % hits.length); event.preventDefault(); }
      if (event.key === "Enter") { take(current); event.preventDefault(); }
    });
    field.addEventListener("blur", close);
  }

  // Rows may be replaced at any time: the panel listens for them all at once.
  function links() {
    var panel = document.getElementById("msap-panneau");
    panel.querySelectorAll("td [data-zone], td [data-site]").forEach(function (button) {
      var name = button.closest("tr").querySelector(".msap-nom").childNodes[0].textContent;
      button.setAttribute("aria-label", (button.dataset.zone ? "Zone blanche n° " + button.dataset.zone : name) + " : montrer sur la carte");
    });
    panel.addEventListener("click", function (event) {
      var button = /** @type {Element} */ (event.target).closest("[data-zone], [data-site]");
      if (!button) { return; }
      if (button.dataset.zone) { msap.montrerZone(Number(button.dataset.zone)); }
      else { msap.montrerSite(button.dataset.site); }
    });
    // And the other way: what is open on the map is marked in its table.
    msap.surFiche(function (what) {
      clear();
      if (!what) { return; }
      panel.querySelectorAll("[data-zone], [data-site]").forEach(function (button) {
        if (button.dataset[what[0]] !== String(what[1])) { return; }
        var row = button.closest("tr");
        if (!row) { return; }
        row.classList.add("msap-choisi");
        var box = row.closest(".msap-defile");
        if (box) { box.scrollTop = row.offsetTop - box.clientHeight / 2; }
      });
    });
    function clear() {
      panel.querySelectorAll(".msap-choisi").forEach(function (row) { row.classList.remove("msap-choisi"); });
    }
  }

  // Hundreds of rows weigh less as the columns the map has already; thousands would take a second to lay out.
  var MOST_ROWS = 300;

  function candidates() {
    var table = document.getElementById("msap-candidats"), data = msap.donnees(), c = data.candidats;
    if (!table) { return; }
    c.id.slice(0, MOST_ROWS).forEach(function (id, i) {
      var line = table.tBodies[0].appendChild(el("tr")), button = el("button", data.sites.rang[data.rangSite[id]]);
      button.type = "button";
      button.dataset.site = id;
      line.appendChild(el("td")).appendChild(button);
      line.appendChild(el("td", data.sites.nom[data.rangSite[id]], "msap-nom"));
      line.appendChild(el("td", msap.nombre(c.population_gagnee[i])));
      line.appendChild(el("td", msap.nombre(c.score[i], 1)));
    });
    if (c.id.length > MOST_ROWS) {
      table.closest(".msap-defile").after(el("p", "Les " + MOST_ROWS + " premiers sur " + msap.nombre(c.id.length) + " ; les autres par la recherche et sur la carte.", "msap-note"));
    }
  }

  // By script: the page's policy forbids style attributes.
  function swatches() {
    document.querySelectorAll("[data-couleur]").forEach(function (swatch) {
      swatch.style.backgroundColor = String(swatch.dataset.couleur);
    });
  }

  msap.panneau = function () {
    swatches();
    candidates();
    search();
    links();
    document.querySelectorAll("table.msap-triable").forEach(msap.tableau);
  };
})();
