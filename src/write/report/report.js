"use strict";
// The report's script: chosen themes over time, sorting, filters, and how old
// the text is. It draws as chart.rs does, from the numbers in the page; it asks
// for nothing and keeps nothing.
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector, of = document) => [...of.querySelectorAll(selector)];
  const fill = (text, parts) => text.replace(/\{(\d)\}/g, (_, n) => parts[n] ?? "");

  // ---- themes over time
  const WIDE = 10000, HIGH = 3000, PLOT = 300, AXIS = 22, MOST_LINES = 8, MOST_DOTS = 40, SVG = "http://www.w3.org/2000/svg";
  const block = byId("numbers");
  const page = block ? JSON.parse(block.textContent) : null;
  const words = JSON.parse(byId("words").textContent);
  const english = document.documentElement.lang === "en";

  const make = (tag, attributes = {}, text) => {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text !== undefined) node.textContent = text;
    return node;
  };
  const html = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
  // As number.rs rounds.
  const fixed = (value, digits) => (Math.round(value * 10 ** digits) / 10 ** digits).toFixed(digits);
  const percent = (value) => fixed(value, value !== 0 && value < 0.1 ? 2 : 1) + "%";
  const rate = (value) => fixed(value, value >= 100 ? 0 : 2);
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

  // A period by its label in the tables, as number.rs names it.
  const named = (label) => {
    const parts = label.split("-");
    if (parts[0] === "plan") return fill(words["plan"], [parts[1]]);
    if (parts[0] === "congress") return fill(words["congress"], [parts[1]]);
    if (!/^\d{4}$/.test(parts[0])) return label;
    const [year, second, third] = parts;
    const month = MONTHS[Number(second) - 1];
    if (parts.length === 1) return fill(words["year"], [year]);
    if (/^Q/.test(second)) return fill(words["quarter"], [year, second.slice(1)]);
    if (/^W/.test(second)) return fill(words["week"], [year, second.slice(1)]);
    if (third) return fill(words["day"], [year, String(Number(second)), month, String(Number(third))]);
    return month && second.length === 2 ? fill(words["month"], [year, String(Number(second)), month]) : label;
  };

  // Zeros come as runs (chart data of explorer.rs): back to one number a period.
  const unpacked = (series, theme) => {
    const hits = [], documents = [];
    const packed = series.h[theme] ?? [], counts = series.d[theme] ?? [];
    let at = 0;
    for (const value of packed) {
      if (value < 0) for (let n = 0; n < -value; n++) { hits.push(0); documents.push(0); }
      else { hits.push(value); documents.push(counts[at++]); }
    }
    while (hits.length < series.label.length) { hits.push(0); documents.push(0); }
    return { hits, documents };
  };

  const step = (most) => {
    for (let exponent = -4; exponent < 12; exponent++)
      for (const digit of [1, 2, 5]) {
        const value = exponent < 0 ? digit / 10 ** -exponent : digit * 10 ** exponent;
        if (value * 5 >= most) return [value, Math.max(0, -exponent)];
      }
    return [Math.max(most, 1), 0];
  };

  const DAY = 86400000;
  const date = (day) => new Date(day * DAY);
  const ticks = (from, to) => {
    const at = (day) => (to > from ? (day - from) / (to - from) : 0.5);
    const first = date(from), last = date(to);
    const months = (every) => {
      const out = [];
      for (let year = first.getUTCFullYear(), month = first.getUTCMonth(); ; month++) {
        const day = Date.UTC(year, month, 1) / DAY;
        if (day > to) return out;
        const real = new Date(day * DAY);
        if (day >= from && real.getUTCMonth() % every === 0) out.push([at(day), real.toISOString().slice(0, 7)]);
      }
    };
    const years = (every) => {
      const out = [];
      for (let year = first.getUTCFullYear(); year <= last.getUTCFullYear(); year++) {
        const start = new Date(0); start.setUTCFullYear(year, 0, 1);
        const day = start.getTime() / DAY;
        if (year % every === 0 && day >= from && day <= to) out.push([at(day), String(year)]);
      }
      return out;
    };
    if (to - from <= 366 * 5) for (const every of [1, 3, 6]) { const out = months(every); if (out.length <= 7) return out; }
    for (const every of [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]) { const out = years(every); if (out.length <= 7) return out; }
    return [];
  };
  const anchor = (at) => (at < 0.06 ? "start" : at > 0.94 ? "end" : "middle");
  const place = (share) => (share * 100).toFixed(2) + "%";

  const explorer = () => {
    const form = byId("explorer-form"), chart = byId("explorer-chart"), lines = byId("explorer-lines");
    const choices = byId("explorer-themes"), note = byId("explorer-note"), at = byId("explorer-at");
    let chosen = [...page.chosen], shown = null, cursor = null;

    page.themes.forEach(([label, id, level], theme) => {
      const box = html("input", { type: "checkbox", value: String(theme) });
      box.checked = chosen.includes(theme);
      const row = html("label", level === 0 ? { class: "top" } : {}, box, html("span", {}, label));
      row.dataset.find = (label + " " + id).toLowerCase();
      choices.append(row);
    });

    const series = () => page.series.find((s) => s.period === form.elements.period.value && (s.source ?? "") === form.elements.source.value);

    const value = (s, data, slot) => {
      if (!s.documents[slot]) return null;
      return form.elements.measure.value === "density"
        ? (data.documents[slot] / s.documents[slot]) * 100
        : s.chars[slot] ? (data.hits[slot] * 10000) / s.chars[slot] : null;
    };
    const written = (number) => (number === null ? words["no-text"] : form.elements.measure.value === "density" ? percent(number) : rate(number));

    const draw = () => {
      const s = series();
      note.textContent = s ? (chosen.length ? "" : words["none"]) : words["missing"];
      lines.replaceChildren();
      byId("explorer-legend").replaceChildren();
      at.textContent = "";
      shown = null;
      if (!s) { byId("explorer-table").replaceChildren(); return; }
      const density = form.elements.measure.value === "density";
      const data = chosen.map((theme) => unpacked(s, theme));
      const values = data.map((d) => s.label.map((_, slot) => value(s, d, slot)));
      const most = Math.max(0, ...values.flat().filter((v) => v !== null));
      const [size, decimals] = step(most);
      const steps = Math.max(1, Math.ceil(most / size)), top = size * steps;
      const from = s.day[0], to = s.day[s.day.length - 1];
      const breaks = new Set(s.breaks);
      const x = (slot) => (to > from ? (s.day[slot] - from) / (to - from) : 0.5);
      const plot = make("svg", { class: "plot", x: 0, y: 0, width: "100%", height: PLOT, viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none" });
      for (let n = 0; n <= steps; n++) plot.append(make("path", { class: "grid", d: `M0 ${Math.round((1 - n / steps) * HIGH)}H${WIDE}` }));
      values.forEach((row, number) => {
        let d = "", dots = "", begun = false;
        const few = row.filter((v) => v !== null).length <= MOST_DOTS;
        const joined = (slot) => slot > 0 && slot < row.length && !breaks.has(slot) && row[slot] !== null && row[slot - 1] !== null;
        row.forEach((v, slot) => {
          if (breaks.has(slot)) begun = false;
          if (v === null) { begun = false; return; }
          const px = Math.round(x(slot) * WIDE), py = Math.round((1 - v / top) * HIGH);
          d += begun ? `L${px} ${py}` : `M${px} ${py}h0`;
          if (few || !(joined(slot) || joined(slot + 1))) dots += `M${px} ${py}h0`;
          begun = true;
        });
        plot.append(make("path", { class: `line s${number % MOST_LINES}`, d }));
        plot.append(make("path", { class: `dots s${number % MOST_LINES}`, d: dots }));
      });
      const rule = make("path", { class: "cursor", d: "" });
      plot.append(rule);
      lines.append(plot);
      for (let n = 0; n <= steps; n++) {
        const text = (size * n).toFixed(decimals) + (n === steps ? " " + (density ? "%" : words["rate"]) : "");
        lines.append(make("text", { class: "tick", x: 2, y: Math.round((1 - n / steps) * PLOT - 4) }, text));
      }
      for (const [where, label] of ticks(from, to)) {
        lines.append(make("line", { class: "mark", x1: place(where), x2: place(where), y1: PLOT, y2: PLOT + 5 }));
        lines.append(make("text", { class: "tick", x: place(where), y: PLOT + AXIS - 4, "text-anchor": anchor(where) }, label));
      }
      chosen.forEach((theme, number) => {
        const key = make("svg", { class: "key", viewBox: "0 0 24 8", "aria-hidden": "true" });
        key.append(make("path", { class: `line s${number % MOST_LINES}`, d: "M0 4H24" }));
        byId("explorer-legend").append(html("li", {}, key, page.themes[theme][0], html("b", { "data-theme": theme })));
      });
      const period = form.elements.period.selectedOptions[0]?.textContent ?? "";
      byId("explorer-title").textContent = fill(words["title"], [density ? words["density"] : words["rate"], period]);
      byId("explorer-caption").textContent = density ? words["density-long"] : words["rate-long"];
      byId("explorer-desc").textContent = chosen.map((theme, number) => {
        const spoken = values[number].map((v, slot) => [slot, v]).filter(([, v]) => v !== null);
        if (!spoken.length) return "";
        const peak = spoken.reduce((best, each) => (each[1] > best[1] ? each : best));
        const said = [spoken[0], peak, spoken[spoken.length - 1]].flatMap(([slot, v]) => [named(s.label[slot]), written(v)]);
        return fill(words["line"], [page.themes[theme][0], ...said]);
      }).join(" ");
      shown = { s, values, x, rule };
      table(s, data);
    };

    const table = (s, data) => {
      const cell = (text, attributes = { class: "n" }) => html("td", attributes, text);
      const head = (text, attributes = { class: "n", scope: "col" }) => html("th", attributes, text);
      const top = html("tr", {}, head(words["period"], { scope: "col" }), head(words["documents"]), head(words["chars"]));
      const below = html("tr", {}, cell(""), cell(""), cell(""));
      for (const theme of chosen) {
        top.append(head(page.themes[theme][0], { class: "n", scope: "col", colspan: "4" }));
        for (const word of [words["hits"], words["documents"], words["density"], words["rate"]]) below.append(head(word));
      }
      const body = html("tbody");
      s.label.forEach((label, slot) => {
        const star = s.partial.includes(slot) ? " *" : "";
        const row = html("tr", {}, html("th", { scope: "row" }, named(label) + star), cell(grouped(s.documents[slot])), cell(grouped(s.chars[slot])));
        for (const one of data) {
          if (!s.documents[slot]) { row.append(cell(words["no-text"], { class: "n", colspan: "4" })); continue; }
          row.append(
            cell(grouped(one.hits[slot])), cell(grouped(one.documents[slot])),
            cell(percent((one.documents[slot] / s.documents[slot]) * 100)), cell(rate(s.chars[slot] ? (one.hits[slot] * 10000) / s.chars[slot] : 0)));
        }
        body.append(row);
      });
      byId("explorer-table").replaceChildren(html("thead", {}, top, below), body);
    };

    const point = (slot) => {
      if (!shown || !chosen.length) return;
      const last = shown.s.label.length - 1;
      cursor = Math.min(last, Math.max(0, slot));
      shown.rule.setAttribute("d", `M${Math.round(shown.x(cursor) * WIDE)} 0V${HIGH}`);
      chosen.forEach((theme, number) => {
        const mark = byId("explorer-legend").querySelector(`b[data-theme="${theme}"]`);
        if (mark) mark.textContent = written(shown.values[number][cursor]);
      });
      at.textContent = named(shown.s.label[cursor]) + (english ? ": " : "：")
        + chosen.map((theme, number) => `${page.themes[theme][0]} ${written(shown.values[number][cursor])}`).join(english ? ", " : "，");
    };
    chart.addEventListener("pointermove", (event) => {
      if (!shown) return;
      const box = chart.getBoundingClientRect(), share = (event.clientX - box.left) / box.width;
      let best = 0;
      shown.s.day.forEach((_, slot) => { if (Math.abs(shown.x(slot) - share) < Math.abs(shown.x(best) - share)) best = slot; });
      point(best);
    });
    chart.addEventListener("keydown", (event) => {
      if (!shown) return;
      const last = shown.s.label.length - 1;
      const to = { ArrowLeft: (cursor ?? last + 1) - 1, ArrowRight: (cursor ?? -1) + 1, Home: 0, End: last }[event.key];
      if (to !== undefined) { point(to); event.preventDefault(); }
    });
    choices.addEventListener("change", (event) => {
      const theme = Number(event.target.value);
      if (!event.target.checked) chosen = chosen.filter((each) => each !== theme);
      else if (chosen.length >= MOST_LINES) { event.target.checked = false; note.textContent = words["most"]; return; }
      else chosen.push(theme);
      draw();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    for (const name of ["measure", "period", "source"]) form.elements[name].addEventListener("change", () => { cursor = null; draw(); });
    form.elements.find.addEventListener("input", () => {
      const wanted = form.elements.find.value.trim().toLowerCase();
      for (const row of choices.children) row.hidden = wanted !== "" && !row.dataset.find.includes(wanted);
    });
    form.elements.clear.addEventListener("click", () => {
      chosen = [];
      for (const box of all("input", choices)) box.checked = false;
      draw();
    });
    draw();
  };
  if (page && byId("explorer-form")) explorer();

  // ---- tables that sort by a column
  for (const table of all("table.sortable")) {
    all("thead th", table).forEach((head, column) => {
      const button = html("button", { type: "button" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") !== "descending";
        for (const other of all("thead th", table)) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const key = (row) => { const cell = row.cells[column]; return cell.dataset.v ?? cell.textContent; };
        const order = (a, b) => {
          const [x, y] = [key(a), key(b)];
          return x !== "" && y !== "" && !isNaN(x) && !isNaN(y) ? Number(x) - Number(y) : x.localeCompare(y);
        };
        const bodies = all("tbody", table), sizes = bodies.map((body) => body.rows.length);
        const rows = bodies.flatMap((body) => [...body.rows]).sort((a, b) => (down ? order(b, a) : order(a, b)));
        bodies.forEach((body, n) => body.replaceChildren(...rows.splice(0, sizes[n])));
      });
    });
  }
  for (const button of all("button.toggle")) {
    button.hidden = false;
    button.addEventListener("click", () => { byId(button.dataset.of).classList.add("open"); button.remove(); });
  }

  // ---- how old the text is, on the day of opening
  const now = new Date(), today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate()) / DAY;
  for (const span of all(".age")) {
    const days = Math.round(today - Date.parse(span.dataset.day) / DAY);
    span.textContent = days === 0 ? words["today"] : fill(words["age"] ?? "{0}", [grouped(days)]);
    const allowed = { daily: 2, weekdays: 4, yearly: 400 }[span.dataset.cadence];
    if (allowed && days > allowed) span.classList.add("late");
  }

  // ---- occasions: filters, and dots that open their sentences
  const filter = byId("occasions-form");
  if (filter) {
    filter.hidden = false;
    const rows = all(".occasions > li");
    const apply = () => {
      const type = filter.elements.type.value, wanted = filter.elements.find.value.trim().toLowerCase();
      let seen = 0;
      for (const row of rows) {
        row.hidden = (type !== "" && row.dataset.type !== type) || (wanted !== "" && !row.textContent.toLowerCase().includes(wanted));
        if (!row.hidden) seen += 1;
      }
      byId("occasions-count").textContent = fill(words["shown"] ?? "", [seen, rows.length]);
    };
    filter.addEventListener("submit", (event) => event.preventDefault());
    filter.addEventListener("input", apply);
    apply();
  }
  const open = () => {
    const target = location.hash.length > 1 ? byId(decodeURIComponent(location.hash.slice(1))) : null;
    if (!target) return;
    target.hidden = false;
    const inside = target.closest("details") ?? target.querySelector("details");
    if (inside) inside.open = true;
    target.scrollIntoView({ block: "nearest" });
  };
  addEventListener("hashchange", open);
  open();
})();
