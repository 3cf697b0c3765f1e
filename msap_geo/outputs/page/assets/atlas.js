"use strict";
(() => {
  const atlas = JSON.parse(document.getElementById("donnees").textContent);
  const SVG = "http://www.w3.org/2000/svg";
  const place = (id) => /** @type {HTMLInputElement} */ (/** @type {unknown} */ (document.getElementById(id)));
  const make = (name, text, parent) => {
    const element = document.createElement(name);
    if (text !== undefined && text !== "") element.textContent = text;
    if (parent) parent.append(element);
    return element;
  };
  const draw = (name, attributes, parent) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (parent) parent.append(element);
    return element;
  };
  const LISTED = 5;
  const DECIMALS = { entier: 0, habitants: 0, effectif: 0, part: 1, minutes: 1, heures: 1, km: 1, indice: 3, decimal: 2, points: 1, euros: 0 };
  const shown = (value, figure) => {
    if (value === null || value === undefined) return "–";
    const digits = DECIMALS[figure.forme] ?? 1;
    const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    if (figure.forme === "part") {
      // As msap_geo.french.percent: less than all is never told as all, nor more than nothing as nothing.
      const written = (percents) => `${percents.toLocaleString("fr-FR", options)}\u202f%`;
      const inside = value > 1e-9 && value < 1 - 1e-9;
      if (Math.abs(value) <= 1e-9 || Math.abs(value - 1) <= 1e-9) return `${Math.round(100 * value)}\u202f%`;
      const least = 10 ** -digits;
      if (inside && written(100 * value) === written(100)) return `plus de ${written(100 - least)}`;
      if (inside && written(100 * value) === written(0)) return `moins de ${written(least)}`;
      return written(100 * value);
    }
    return value.toLocaleString("fr-FR", options);
  };
  const withUnit = (value, figure) => {
    const text = shown(value, figure);
    const unit = figure.forme === "part" || text === "–" ? "" : figure.unite;
    return unit ? `${text} ${unit}` : text;
  };
  /* What a class of the legend holds; all but the first begin above the bound of the one before. */
  const range = (low, high, figure, first) => {
    const [from, to] = [shown(low, figure), shown(high, figure)];
    if (first && from === to) return from;
    return first && !from.startsWith("plus de") ? `de ${from} à ${to}` : `${first ? "" : "plus de "}${from}, jusqu’à ${to}`;
  };
  const day = (iso) => iso.split("-").reverse().join("/");

  const names = new Map(atlas.territoires.map((one) => [one.code, one.nom]));
  const dates = [...new Set(atlas.etudes.map((row) => row.date))].sort();
  const cases = [...new Set(atlas.etudes.map((row) => row.cas))];
  const rows = new Map(atlas.etudes.map((row) => [`${row.territoire}|${row.date}|${row.cas}`, row]));
  const state = { figure: 0, date: dates.length - 1, cas: cases[0] ?? "", area: "", sort: -1, down: false };
  const rowOf = (area, date = dates[state.date], cas = state.cas) => rows.get(`${area}|${date}|${cas}`);
  const valueOf = (area, figure = state.figure, date, cas) => rowOf(area, date, cas)?.valeurs[figure] ?? null;

  /* Classes hold for every date and case, so that colours can be compared: a fifth of the values in each,
     a value shared by many counting once, or those who share it would hide what tells the others apart.
     Their bounds are the numbers the legend writes: two that are written alike are one. */
  const breaks = () => {
    const figure = atlas.chiffres[state.figure];
    const scale = 10 ** ((DECIMALS[figure.forme] ?? 1) + (figure.forme === "part" ? 2 : 0));
    const known = atlas.etudes
      .filter((row) => row.territoire)
      .map((row) => row.valeurs[state.figure])
      .filter((value) => value !== null && value !== undefined);
    const values = [...new Set(known)].sort((a, b) => a - b);
    const [least, most] = [values[0], values[values.length - 1]];
    const n = atlas.couleurs.length;
    const bounds = [];
    for (let i = 1; i < n && values.length; i += 1) {
      const bound = Math.round(values[Math.min(values.length - 1, Math.ceil((i * values.length) / n) - 1)] * scale) / scale;
      if (bound >= least && bound < most && bound !== bounds[bounds.length - 1]) bounds.push(bound);
    }
    return { bounds, least, most };
  };
  const colourOf = (value, bounds) => {
    if (value === null) return "var(--vide)";
    let rank = 0;
    while (rank < bounds.length && value > bounds[rank]) rank += 1;
    const step = bounds.length ? (rank * (atlas.couleurs.length - 1)) / bounds.length : atlas.couleurs.length - 1;
    return atlas.couleurs[Math.round(step)];
  };

  const paths = new Map();
  const drawMap = () => {
    const svg = place("dessin");
    svg.setAttribute("viewBox", `-4 -4 ${atlas.largeur + 8} ${atlas.hauteur + 8}`);
    for (const area of atlas.territoires) {
      if (!area.trace) continue;
      const path = draw("path", { d: area.trace, "fill-rule": "evenodd" }, svg);
      draw("title", {}, path);
      path.addEventListener("click", () => choose(area.code));
      paths.set(area.code, path);
    }
    if (!paths.size) place("carte").hidden = true;
  };

  const paint = () => {
    const figure = atlas.chiffres[state.figure];
    const { bounds, least, most } = breaks();
    const when = dates[state.date] ? `, ${day(dates[state.date])}` : "";
    place("carte-titre").textContent = `${figure.titre}${when}`;
    for (const [code, path] of paths) {
      const value = valueOf(code);
      path.style.fill = colourOf(value, bounds);
      path.classList.toggle("choisi", code === state.area);
      path.firstChild.textContent = `${names.get(code)} : ${withUnit(value, figure)}`;
    }
    const chosen = paths.get(state.area);
    if (chosen) chosen.parentNode.append(chosen);
    const key = place("legende");
    key.replaceChildren();
    const entry = (colour, text) => {
      const item = make("li", "", key);
      draw("rect", { width: "100%", height: "100%" }, draw("svg", { "aria-hidden": "true" }, item)).style.fill = colour;
      make("span", text, item);
    };
    let low = least;
    [...bounds, most].forEach((bound, rank) => {
      if (bound === undefined) return;
      entry(colourOf(bound, bounds), range(low, bound, figure, rank === 0));
      low = bound;
    });
    if (atlas.territoires.some((area) => valueOf(area.code) === null)) entry("var(--vide)", "sans chiffre");
    place("definition").textContent = figure.definition;
  };

  const tableColumns = () => {
    const columns = atlas.chiffres.map((_, index) => index).slice(0, 9);
    return columns.includes(state.figure) ? columns : [state.figure, ...columns];
  };
  const fillTable = () => {
    const heads = place("titres");
    const columns = tableColumns();
    heads.replaceChildren();
    const head = (text, index) => {
      const cell = make("th", "", heads);
      cell.scope = "col";
      const button = make("button", text, cell);
      button.type = "button";
      if (state.sort === index) cell.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      button.addEventListener("click", () => {
        state.down = state.sort === index ? !state.down : index >= 0;
        state.sort = index;
        fillTable();
        place("titres").children[[-1, ...columns].indexOf(index)].querySelector("button").focus();
      });
    };
    head("Territoire", -1);
    for (const index of columns) {
      const figure = atlas.chiffres[index];
      const told = figure.forme === "part" || figure.titre.toLowerCase().includes(figure.unite.toLowerCase());
      head(told ? figure.titre : `${figure.titre} (${figure.unite})`, index);
    }
    const documents = make("th", "Documents", heads);
    documents.scope = "col";
    documents.className = "texte";
    const order = [...atlas.territoires].sort((a, b) => {
      if (state.sort < 0) return (state.down ? -1 : 1) * a.code.localeCompare(b.code, "fr", { numeric: true });
      const [x, y] = [valueOf(a.code, state.sort), valueOf(b.code, state.sort)];
      if (x === null || y === null) return Number(x === null) - Number(y === null);
      return (state.down ? y - x : x - y) || a.code.localeCompare(b.code);
    });
    const body = place("lignes");
    body.replaceChildren();
    for (const area of order) {
      const line = make("tr", "", body);
      line.classList.toggle("choisi", area.code === state.area);
      const name = make("th", "", line);
      name.scope = "row";
      const button = make("button", area.nom === area.code ? area.nom : `${area.nom} (${area.code})`, name);
      button.type = "button";
      button.addEventListener("click", () => choose(area.code));
      for (const index of columns) make("td", shown(valueOf(area.code, index), atlas.chiffres[index]), line);
      const cell = make("td", "", line);
      cell.className = "texte";
      documentsOf(rowOf(area.code), cell);
    }
    const foot = place("ensemble");
    foot.replaceChildren();
    if (rowOf("")) {
      const line = make("tr", "", foot);
      make("th", "Ensemble", line).scope = "row";
      for (const index of columns) make("td", shown(valueOf("", index), atlas.chiffres[index]), line);
      make("td", "", line);
    }
    const parts = [dates[state.date] ? `Maisons au ${day(dates[state.date])}` : "", state.cas].filter(Boolean);
    place("legende-tableau").textContent = parts.join(", ");
  };

  const documentsOf = (row, cell) => {
    if (!row) {
      cell.textContent = "–";
      return;
    }
    for (const [what, where] of Object.entries(row.liens)) make("a", what, cell).href = where;
    if (row.etat) make("span", row.etat, cell);
  };

  const fillCard = () => {
    const figure = atlas.chiffres[state.figure];
    const row = rowOf(state.area);
    place("fiche-nom").textContent = state.area ? `${names.get(state.area)} (${state.area})` : "Ensemble";
    place("fiche-valeur").textContent = `${figure.titre} : ${withUnit(valueOf(state.area), figure)}`;
    const links = place("fiche-liens");
    links.replaceChildren();
    if (!state.area && !row) place("fiche-valeur").textContent = "Pas de total : une étude au moins n’a pas de chiffres.";
    if (state.area) documentsOf(row, links);
    else links.textContent = paths.size ? "Choisir un territoire sur la carte ou dans le tableau." : "Choisir un territoire dans le tableau.";
    extremes(figure);
    progression(figure);
  };

  /* Both ends of the figure, named: what one asks a map of ninety territories first. */
  const extremes = (figure) => {
    const holder = place("fiche-extremes");
    holder.replaceChildren();
    const known = atlas.territoires.filter((area) => valueOf(area.code) !== null);
    const order = known.sort((a, b) => valueOf(a.code) - valueOf(b.code) || a.code.localeCompare(b.code));
    if (state.area || order.length < 2 * LISTED) return;
    for (const [title, areas] of [["Les plus bas", order], ["Les plus hauts", [...order].reverse()]]) {
      const part = make("div", "", holder);
      make("h3", title, part);
      const list = make("ol", "", part);
      const last = valueOf(areas[LISTED - 1].code);
      // A value that most share says nothing of those who would be named.
      const alike = areas.filter((area) => valueOf(area.code) === last).length;
      const named = areas.slice(0, LISTED).filter((area) => alike <= LISTED || valueOf(area.code) !== last);
      for (const area of named) {
        const item = make("li", "", list);
        const button = make("button", area.nom, item);
        button.type = "button";
        button.addEventListener("click", () => choose(area.code));
        item.append(` : ${withUnit(valueOf(area.code), figure)}`);
      }
      if (named.length < LISTED) make("p", `${alike} territoires à ${withUnit(last, figure)}`, part);
    }
  };

  const progression = (figure) => {
    const holder = place("fiche-progression");
    holder.replaceChildren();
    if (dates.length < 2) return;
    const [width, height, left, right, top, bottom] = [360, 190, 16, 16, 22, 26];
    const series = [{ kind: "tous", area: "" }, ...(state.area ? [{ kind: "", area: state.area }] : [])]
      .map(({ kind, area }) => ({ kind, values: dates.map((date) => valueOf(area, state.figure, date)) }))
      .filter(({ values }) => values.some((value) => value !== null));
    const drawnKinds = figure.forme === "part" || !state.area ? series : series.filter(({ kind }) => kind === "");
    const all = drawnKinds.flatMap(({ values }) => values.filter((value) => value !== null));
    if (!all.length) return;
    const [least, most] = [Math.min(...all), Math.max(...all)];
    const times = dates.map((date) => Date.parse(date));
    const x = (i) => left + ((times[i] - times[0]) / (times[times.length - 1] - times[0])) * (width - left - right);
    const y = (value) => height - bottom - (most > least ? (value - least) / (most - least) : 0.5) * (height - top - bottom);
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, role: "img" }, holder);
    draw("title", {}, svg).textContent = `${figure.titre}, de ${day(dates[0])} à ${day(dates[dates.length - 1])}`;
    draw("line", { class: "axe", x1: left, x2: width - right, y1: height - bottom, y2: height - bottom }, svg);
    for (const { kind, values } of drawnKinds) {
      const points = values.flatMap((value, i) => (value === null ? [] : [[x(i), y(value), value]]));
      draw("polyline", { class: `ligne ${kind}`, points: points.map((p) => `${p[0]},${p[1]}`).join(" ") }, svg);
      points.forEach(([px, py, value], i) => {
        draw("circle", { class: `point ${kind}`, cx: px, cy: py, r: 4 }, svg);
        if (kind === "tous" && drawnKinds.length > 1) return;
        const anchor = i === 0 ? "start" : i === points.length - 1 ? "end" : "middle";
        draw("text", { x: px, y: py - 8, "text-anchor": anchor }, svg).textContent = shown(value, figure);
      });
    }
    [0, dates.length - 1].forEach((i) => {
      draw("text", { x: x(i), y: height - 8, "text-anchor": i ? "end" : "start" }, svg).textContent = day(dates[i]);
    });
    if (drawnKinds.length > 1) make("p", "En pointillé : l’ensemble des territoires.", holder);
  };

  const choose = (code) => {
    state.area = state.area === code ? "" : code;
    refresh();
  };
  const refresh = () => {
    paint();
    fillCard();
    fillTable();
    place("date-dite").textContent = dates[state.date] ? day(dates[state.date]) : "";
  };

  for (const text of atlas.avertissements) make("p", text, place("bandeaux")).className = "bandeau";
  place("titre").textContent = atlas.titre;
  place("entete").textContent = atlas.entete;
  atlas.chiffres.forEach((figure, index) => {
    make("option", figure.titre, place("chiffre")).value = index;
  });
  cases.forEach((cas) => {
    make("option", cas || "réseau tel qu’il est", place("cas")).value = cas;
  });
  place("cas-choix").hidden = cases.length < 2;
  place("date-choix").hidden = dates.length < 2;
  place("date").max = String(Math.max(0, dates.length - 1));
  place("date").value = String(state.date);
  place("chiffre").addEventListener("change", () => {
    state.figure = Number(place("chiffre").value);
    refresh();
  });
  place("cas").addEventListener("change", () => {
    state.cas = place("cas").value;
    refresh();
  });
  place("date").addEventListener("input", () => {
    state.date = Number(place("date").value);
    refresh();
  });
  for (const note of atlas.notes) make("li", note, place("liste-notes"));
  drawMap();
  refresh();
})();
