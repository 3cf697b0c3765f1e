// What every part of the page is written with: French formats, safe elements, sortable tables.
// Words from data only ever go through textContent.
"use strict";
var msap = (function () {
  var NARROW = "\u202f", UNKNOWN = "–";

  // As Python rounds: a tie goes to the even digit. A double is a tie at d decimals when it is an
  // odd number of halves of 2^-d.
  function fixed(value, decimals) {
    var halves = value * Math.pow(2, decimals + 1);
    if (Number.isSafeInteger(halves) && halves % 2 !== 0) {
      var units = Math.floor(halves * Math.pow(5, decimals) / 2);
      if (units % 2 !== 0) { units += 1; }
      value = units / Math.pow(10, decimals);
    }
    return value.toFixed(decimals);
  }

  function number(value, decimals) {
    if (value === null || value === undefined || value !== value) { return UNKNOWN; }
    var parts = fixed(Math.abs(value), decimals || 0).split(".");
    var text = parts[0].replace(/\B(?=(\d{3})+$)/g, NARROW) + (parts[1] ? "," + parts[1] : "");
    return (value < 0 && /[1-9]/.test(text) ? "−" : "") + text;  // nothing has no sign
  }

  // No more decimals than needed: "20", "7,5".
  function short(value) { return number(value, 3).replace(/,0*$|(,\d*[1-9])0+$/, "$1"); }

  // As msap_geo.french: one decimal, more where it would be told as a threshold (a multiple of five) it is not.
  function measure(value, name) {
    var threshold = 5 * Math.round(value / 5);
    var decimals = [1, 2, 3].find(function (d) { return !threshold || number(value, d) !== number(threshold, d); });
    var text = number(value, decimals || 1);
    return text === UNKNOWN ? text : text + NARROW + name;
  }

  function minutes(value) { return measure(value, "min"); }
  function kilometres(value) { return measure(value, "km"); }
  // As msap_geo.french.percent: less than all is never told as all, nor more than nothing as nothing; both are exact.
  function percent(share, digits) {
    var decimals = digits === undefined ? 1 : digits, text = number(share === null ? null : 100 * share, decimals);
    var least = Math.pow(10, -decimals), before = "";
    if (share > 1e-9 && share < 1 - 1e-9) {
      if (text === number(100, decimals)) { before = "plus de "; text = number(100 - least, decimals); }
      else if (text === number(0, decimals)) { before = "moins de "; text = number(least, decimals); }
    } else if (share !== null && (Math.abs(share) <= 1e-9 || Math.abs(share - 1) <= 1e-9)) { text = number(100 * share); }
    return text === UNKNOWN ? text : before + text + NARROW + "%";
  }

  // "1 habitant", "12 345 habitants", "3 zones blanches".
  function counted(count, noun) {
    return number(count) + "\u00a0" + agreed(count, noun);
  }

  // As msap_geo.french.agreed: what follows a preposition does not change.
  function agreed(count, noun) {
    if (Math.abs(parseFloat(fixed(count, 0))) < 2) { return noun; }
    var kept = false;
    return noun.split(" ").map(function (word) {
      kept = kept || /^(à|au|aux|de|des|du|en|et|hors|par|pour|sans|sur)$/.test(word);
      if (kept || word === "non" || /[sxz]$/.test(word)) { return word; }
      return /(au|eu)$/.test(word) ? word + "x" : /al$/.test(word) ? word.slice(0, -1) + "ux" : word + "s";
    }).join(" ");
  }

  // A name after « de », as msap_geo.place_names writes it.
  function after(name) {
    if (name.indexOf("Le ") === 0) { return "du " + name.slice(3); }
    if (name.indexOf("Les ") === 0) { return "des " + name.slice(4); }
    return (/^[aeiouyàâäæéèêëîïôöœùûüh]/i.test(name) ? "d’" : "de ") + name;
  }

  function element(tag, text, className) {
    var node = document.createElement(tag);
    if (text !== undefined && text !== null && text !== "") { node.textContent = text; }
    if (className) { node.className = className; }
    return node;
  }

  function button(text, act) {
    var node = element("button", text);
    node.type = "button";
    node.addEventListener("click", act);
    return node;
  }

  // Text an address and an XML file can hold: no control character, no half of a pair.
  function fit(text) {
    return Array.from(String(text), function (letter) {
      return /^(?:[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udfff])$/.test(letter) ? "\ufffd" : letter;
    }).join("");
  }

  // Text without accents nor capitals, for searching: "Évisa" is found by "evi".
  function plain(text) {
    return text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase()
      .replace(/œ/g, "oe").replace(/æ/g, "ae").replace(/[’'-]/g, " ");
  }

  // What a cell is sorted by: its data-valeur, else its French number, else its words.
  function sortKey(cell) {
    var text = cell.dataset.valeur !== undefined ? cell.dataset.valeur : cell.textContent.trim();
    var figure = text.replace(/[\s\u202f\u00a0]/g, "").replace(",", ".").replace("−", "-");
    var match = /^-?\d+(\.\d+)?/.exec(figure);
    return match ? [0, parseFloat(match[0])] : text === UNKNOWN ? [2, 0] : [1, plain(text)];
  }

  function compare(a, b) {
    if (a[0] !== b[0]) { return a[0] - b[0]; }
    return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
  }

  // Make a table sortable by its headers; rows replaced later are sorted at the next click.
  function sortable(table) {
    var headers = Array.from(table.tHead.rows[table.tHead.rows.length - 1].cells);
    headers.forEach(function (header, column) {
      var text = header.textContent;
      header.textContent = "";
      header.appendChild(button(text, function () {
        var down = header.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        headers.forEach(function (other) { other.removeAttribute("aria-sort"); });
        header.setAttribute("aria-sort", down === 1 ? "ascending" : "descending");
        var body = table.tBodies[0];
        Array.from(body.rows).map(function (row, place) {
          return { row: row, key: sortKey(row.cells[column]), place: place };
        }).sort(function (a, b) {
          return down * compare(a.key, b.key) || a.place - b.place;
        }).forEach(function (line) { body.appendChild(line.row); });
      }));
    });
  }

  return {
    nombre: number, minutes: minutes, kilometres: kilometres, part: percent, compte: counted,
    accorde: agreed, court: short,
    autour: function (name) { return "autour " + after(name); },
    element: element, bouton: button, sansAccent: plain, convenable: fit, tableau: sortable
  };
})();
