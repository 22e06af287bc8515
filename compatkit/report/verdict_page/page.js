// Everything is there without this script, which only filters, sorts, reads off values and keeps the colour scheme.
"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector, within = document) => within.querySelector(selector);

  // Filter: every word must be in the name. What has no item left says so.
  const filter = one("#filter");
  const items = all(".item");
  const groups = all(".group");
  const names = new Map(items.map((item) => [item, item.dataset.name.toLowerCase()]));
  const called = (item) => item.dataset.of ?? item.dataset.name;
  const states = { all: null, differing: ["decides", "allowed", "settled", "near"], deciding: ["decides"] };

  function apply() {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = states[one('[name="show"]:checked').value];
    const shown = new Set();
    for (const item of items) {
      const name = names.get(item);
      const is_shown = words.every((word) => name.includes(word)) && (!wanted || wanted.includes(item.dataset.state));
      item.hidden = !is_shown;
      if (is_shown) shown.add(called(item));
    }
    for (const group of groups) {
      one(".none", group).hidden = all(".item", group).some((item) => !item.hidden);
    }
    const is_narrowed = words.length > 0 || wanted;
    one("#shown").textContent = is_narrowed ? `${shown.size} of ${new Set(items.map(called)).size} names` : "";
  }
  filter.addEventListener("input", apply);
  all('[name="show"]').forEach((radio) => radio.addEventListener("change", apply));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== filter && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      filter.focus();
    } else if (event.key === "Escape" && document.activeElement === filter) {
      filter.value = "";
      apply();
    }
  });

  // Sort: numbers as numbers, texts as texts; what is blank comes last either way.
  const key = (row, column) => row.cells[column].dataset.sort ?? row.cells[column].textContent.trim();
  const number = (text) => (/^-?(inf|infinity)$/i.test(text) ? (text[0] === "-" ? -Infinity : Infinity) : Number(text.replaceAll(",", "")));

  function compare(one, other) {
    if (one === "" || other === "") return null;
    const [left, right] = [number(one), number(other)];
    if (!Number.isNaN(left) && !Number.isNaN(right)) return left < right ? -1 : Number(left > right);
    return one.localeCompare(other, "en", { numeric: true });
  }
  function sort(head) {
    const sign = head.ariaSort === "ascending" ? -1 : 1;
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.ariaSort = sign === 1 ? "ascending" : "descending";
    const body = head.closest("table").tBodies[0];
    const keyed = [...body.rows].map((row) => [key(row, head.cellIndex), row]);
    keyed.sort(([left], [right]) => {
      const order = compare(left, right);
      return order === null ? (left === "") - (right === "") : sign * order;
    });
    body.append(...keyed.map(([, row]) => row));
  }
  for (const head of all(".sortable thead th")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head));
    head.append(button);
  }

  // Read values off a chart, by the pointer or by the arrow keys.
  const SVG = "http://www.w3.org/2000/svg";
  const floats = { nan: NaN, inf: Infinity, "-inf": -Infinity };
  const value = (text) => (text in floats ? floats[text] : Number(text));
  const points = new WeakMap();

  function points_of(chart) {
    if (!points.has(chart)) {
      const { steps, before, after, left, right } = chart.dataset;
      const list = steps.split(" ").map(Number);
      const [low, span] = [list[0], list.at(-1) - list[0]];
      const [start, width] = [Number(left), Number(right) - Number(left)];
      const xs = list.map((step) => start + (span ? (step - low) / span : 0.5) * width);
      const first = before.split(" ");
      points.set(chart, { steps: steps.split(" "), xs, before: first, after: after ? after.split(" ") : first, at: -1 });
    }
    return points.get(chart);
  }
  function part(side, text) {
    const shown = document.createElement("b");
    shown.className = side;
    shown.textContent = text === "-" ? "no point" : text;
    return shown;
  }
  function read(chart, at) {
    const known = points_of(chart);
    const line = one(".read", chart.closest(".card"));
    known.said ??= line.textContent;
    known.at = at;
    if (at < 0) {
      line.textContent = known.said;
      one(".cursor", chart)?.remove();
      return;
    }
    let cursor = one(".cursor", chart);
    if (!cursor) {
      cursor = document.createElementNS(SVG, "path");
      cursor.setAttribute("class", "cursor");
      chart.append(cursor);
    }
    cursor.setAttribute("d", `M${known.xs[at]} ${chart.dataset.top}V${chart.dataset.bottom}`);
    const [before, after] = [known.before[at], known.after[at]];
    if (before === after) {
      line.replaceChildren(`step ${known.steps[at]}: both ${before}`);
      return;
    }
    line.replaceChildren(`step ${known.steps[at]}: `, part("before", before), " | ", part("after", after));
    const apart = Math.abs(value(after) - value(before));
    if (Number.isFinite(apart)) line.append(`, |Δ| ${Number(apart.toPrecision(3))}`);
  }
  function nearest(chart, event) {
    const box = chart.getBoundingClientRect();
    const x = ((event.clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
    const { xs } = points_of(chart);
    let best = 0;
    for (let at = 1; at < xs.length; at += 1) if (Math.abs(xs[at] - x) < Math.abs(xs[best] - x)) best = at;
    return best;
  }
  const moves = {
    ArrowLeft: (at) => at - 1,
    ArrowRight: (at) => at + 1,
    Home: () => 0,
    End: (_, last) => last,
  };
  for (const chart of all(".chart")) {
    if (!chart.dataset.steps) continue;
    one(".read", chart.closest(".card")).setAttribute("aria-live", "polite");
    chart.addEventListener("pointermove", (event) => read(chart, nearest(chart, event)));
    chart.addEventListener("pointerleave", () => read(chart, -1));
    chart.addEventListener("blur", () => read(chart, -1));
    chart.addEventListener("keydown", (event) => {
      const move = moves[event.key];
      if (!move) return;
      event.preventDefault();
      const { steps, at } = points_of(chart);
      const from = at < 0 ? steps.indexOf(chart.dataset.first) - (event.key === "ArrowRight" ? 1 : -1) : at;
      read(chart, Math.max(0, Math.min(steps.length - 1, move(from, steps.length - 1))));
    });
  }

  // The colour scheme: the system's, or the one that was chosen. A sandboxed frame has no storage.
  const themes = ["auto", "light", "dark"];
  const words = { auto: "as the system", light: "light", dark: "dark" };
  const stored = (write) => {
    try {
      return write ? localStorage.setItem("compatkit-theme", write) : localStorage.getItem("compatkit-theme");
    } catch {
      return null;
    }
  };
  const button = one("#theme");
  function dress(theme) {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `Theme: ${theme}`;
    button.setAttribute("aria-label", `Colour scheme: ${words[theme]}`);
    button.value = theme;
  }
  button.addEventListener("click", () => {
    const next = themes[(themes.indexOf(button.value) + 1) % themes.length];
    dress(next);
    stored(next);
  });
  dress(themes.includes(stored()) ? stored() : "auto");

  // A link into a folded part opens it; paper shows everything.
  function open(target) {
    for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link) open(document.getElementById(link.getAttribute("href").slice(1)));
  });
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = all("details:not([open])");
    folded.forEach((each) => (each.open = true));
  });
  addEventListener("afterprint", () => folded.forEach((each) => (each.open = false)));

  one(".tools").hidden = false;
})();
