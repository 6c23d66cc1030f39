"use strict";
// Opens sessions, fills the plot, filters the moves. All texts are put in as text.
(() => {
  const byId = (id) => document.getElementById(id);
  const PALETTE = ["#3b82c4", "#e08a1e", "#9a6fd0", "#2f9e6e", "#d2589a", "#8a8f2a", "#4fb3bf", "#b0644c"];
  const ROWS = 300;

  async function inflate(text) {
    const bytes = Uint8Array.from(atob(text), (each) => each.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).json();
  }
  const read = (name) => inflate(byId(`data-${name}`).textContent);

  function unpack(packed) {
    const scale = 10 ** packed.d;
    let at = 0;
    return packed.v.map((each) => {
      at = each === null ? 0 : at + each;
      return each === null ? NaN : at / scale;
    });
  }

  function unpackPrices(packed) {
    const scale = 10 ** packed.d;
    const found = { open: [], high: [], low: [], close: [] };
    let at = 0;
    packed.open.forEach((gap, n) => {
      const open = at + gap;
      const close = open + packed.close[n];
      found.open.push(open / scale);
      found.close.push(close / scale);
      found.high.push((Math.max(open, close) + packed.high[n]) / scale);
      found.low.push((Math.min(open, close) - packed.low[n]) / scale);
      at = close;
    });
    return found;
  }

  function element(name, text = "", attributes = {}) {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const figure = (value) => (Number.isFinite(value) ? value.toLocaleString("en", { maximumFractionDigits: 4 }) : "-");
  const lasting = (seconds) =>
    seconds < 1 ? `${(1000 * seconds).toPrecision(3)} ms` : `${seconds.toPrecision(3)} s`;

  // --- the sessions -----------------------------------------------------------------------

  const cache = new Map();
  const hidden = new Set();
  const state = { index: null, date: "", symbol: "", session: null, chosen: "", plots: null, key: "", doc: null };

  const dates = () => Object.keys(state.index.sessions);
  const place = (date, symbol) => `#${date}/${encodeURIComponent(symbol)}`;

  async function sessionOf(date) {
    if (!cache.has(date)) {
      if (cache.size > 20) cache.delete(cache.keys().next().value);
      cache.set(date, await read(date));
    }
    return cache.get(date);
  }

  async function open(date, symbol) {
    const facts = state.index.sessions[date];
    const symbols = facts.symbols;
    const asked = symbols.includes(symbol) ? symbol : symbols.includes(state.symbol) ? state.symbol : symbols[0];
    state.date = date;
    state.symbol = asked;
    const session = await sessionOf(date);
    if (state.date !== date || state.symbol !== asked) return; // another was asked for since
    state.session = session;
    byId("closed").hidden = true;
    byId("open").hidden = false;
    byId("opened").textContent = `${date} ${asked || ""}`;
    showWays(symbols);
    if (asked === undefined) {
      byId("facts").textContent = "No symbol had data.";
      byId("plot").replaceChildren();
      state.key = "";
      return;
    }
    showIntervals();
    showLines();
    await draw();
    showTables();
    document.body.dataset.opened = `${date}/${asked}`;
  }

  function showWays(symbols) {
    const all = dates();
    const at = all.indexOf(state.date);
    byId("before").disabled = at === 0;
    byId("after").disabled = at === all.length - 1;
    byId("symbols").replaceChildren(
      ...symbols.map((each) => {
        const link = element("a", each, { href: place(state.date, each) });
        if (each === state.symbol) link.setAttribute("aria-current", "true");
        return link;
      }),
    );
  }

  const chart = () => state.session.symbols[state.symbol];
  const clockOf = (seconds) => {
    const text = new Date(state.index.sessions[state.date].open + 1000 * seconds).toISOString();
    return (text.slice(0, 10) === state.date ? "" : `${text.slice(5, 10)} `) + text.slice(11, 19);
  };

  function interval() {
    const all = chart().bars;
    const room = byId("plot").clientWidth || 600;
    const fits = all.find((each) => 3 * each.seconds.v.length <= room) || all[all.length - 1];
    return all.find((each) => each.label === state.chosen) || fits;
  }

  function choices(fieldset, made) {
    fieldset.replaceChildren(fieldset.querySelector("legend"), ...made);
  }

  function showIntervals() {
    const now = interval();
    choices(
      byId("intervals"),
      chart().bars.map((each) => {
        const label = element("label");
        const input = element("input", "", { type: "radio", name: "interval" });
        input.checked = each === now;
        input.addEventListener("change", () => {
          state.chosen = each.label;
          draw();
        });
        label.append(input, ` ${each.label}`);
        return label;
      }),
    );
  }

  const nameOf = (line) => (line.output ? `${line.name}.${line.output}` : line.name);

  function showLines() {
    const told = [["gaps", colour("warn")], ["signals", colour("up")], ["scans", colour("other")]];
    chart().lines.forEach((line, number) => told.push([nameOf(line), PALETTE[number % PALETTE.length]]));
    choices(
      byId("shown"),
      told.map(([name, ink], number) => {
        const key = number < 3 ? `:${name}` : name;
        const label = element("label");
        const input = element("input", "", { type: "checkbox" });
        input.checked = !hidden.has(key);
        input.addEventListener("change", () => {
          if (input.checked) hidden.delete(key);
          else hidden.add(key);
          draw();
        });
        const swatch = element("i");
        swatch.style.background = ink;
        label.append(input, swatch, name);
        return label;
      }),
    );
  }

  // --- the plot ---------------------------------------------------------------------------

  function panes() {
    const names = [...new Set(chart().lines.map((line) => line.name))];
    return names.filter((name) => state.index.apart.includes(name));
  }

  async function embedded(count) {
    const key = `${dark.matches ? "dark" : "light"}${count}`;
    if (state.key !== key) {
      state.plots = state.plots || (await read("plots"));
      if (state.doc) state.doc.clear();
      byId("plot").replaceChildren();
      state.key = key;
      const views = await Bokeh.embed.embed_item(structuredClone(state.plots[key]), byId("plot"));
      state.doc = [...views][0].model.document;
    }
    return state.doc;
  }

  let drawing = Promise.resolve();
  function draw() {
    drawing = drawing.then(fill);
    return drawing;
  }

  async function fill() {
    const apart = panes();
    const doc = await embedded(apart.length);
    const named = (name) => doc.get_model_by_name(name);
    const open = state.index.sessions[state.date].open;
    const at = (seconds) => open + 1000 * seconds;
    const bars = interval();
    const columns = barColumns(bars, at);
    named("bars").data = columns;
    named("gaps").data = gapColumns(at);
    named("signals").data = markColumns("signals", at);
    named("scans").data = markColumns("scans", at);
    const lines = chart().lines.map((line, number) => ({ ...line, ink: PALETTE[number % PALETTE.length] }));
    named("lines").data = lineColumns(lines.filter((line) => !apart.includes(line.name)), at);
    apart.forEach((name, number) => {
      const own = lines.filter((line) => line.name === name);
      named(`pane${number}`).data = lineColumns(own, at);
      named(`title${number}`).text = `${name} (${own[0].interval})`.replaceAll("$$", "$ $");
    });
    const start = Math.min(at(0), columns.left[0] ?? at(0));
    const end = Math.max(at(state.session.close), columns.right[columns.right.length - 1] ?? 0);
    named("x").setv({ bounds: [start, end], reset_start: start, reset_end: end, start, end });
    tell(bars);
  }

  function barColumns(bars, at) {
    const { open, high, low, close } = unpackPrices(bars.prices);
    const volume = unpack(bars.volume);
    const seconds = unpack(bars.seconds);
    const ends = seconds.map((each) => Math.max(each + 1, Math.min(each + bars.shown, state.session.close)));
    const air = seconds.map((each, n) => (ends[n] - each) * 0.12);
    const [up, down] = [colour("up"), colour("down")];
    return {
      left: seconds.map((each, n) => at(each + air[n])),
      right: ends.map((each, n) => at(each - air[n])),
      middle: seconds.map((each, n) => at((each + ends[n]) / 2)),
      width: seconds.map((each, n) => 760 * (ends[n] - each)),
      top: open.map((each, n) => Math.max(each, close[n])),
      bottom: open.map((each, n) => Math.min(each, close[n])),
      colour: open.map((each, n) => (close[n] >= each ? up : down)),
      when: seconds.map(clockOf),
      open, high, low, close, volume,
    };
  }

  function gapColumns(at) {
    const gaps = hidden.has(":gaps") ? [] : chart().gaps;
    return { left: gaps.map(([from]) => at(from)), right: gaps.map(([, to]) => at(to)) };
  }

  const side = (action) => (/^\s*(buy|long|cover)/i.test(action) ? 1 : /^\s*(sell|short|exit)/i.test(action) ? -1 : 0);

  function markColumns(kind, at) {
    const none = { seconds: [], prices: [], texts: [] };
    const marks = hidden.has(`:${kind}`) ? none : chart()[kind];
    const sides = marks.texts.map(([action]) => side(action));
    return {
      x: marks.seconds.map(at),
      y: marks.prices.map((each) => each ?? NaN),
      marker: sides.map((each) => ({ 1: "triangle", 0: "diamond", "-1": "inverted_triangle" })[each]),
      colour: sides.map((each) => colour({ 1: "up", 0: "other", "-1": "down" }[each])),
      when: marks.seconds.map(clockOf),
      action: marks.texts.map((each) => each[0]),
      strategy: marks.texts.map((each) => each[1]),
      quantity: marks.texts.map((each) => each[2]),
      reason: marks.texts.map((each) => each[3]),
    };
  }

  function knownAt(line) {
    if (line.seconds) return unpack(line.seconds);
    const bars = chart().bars.find((each) => each.label === line.interval);
    return unpack(bars.seconds).map((each) => each + bars.length);
  }

  function lineColumns(lines, at) {
    const seen = lines.filter((line) => !hidden.has(nameOf(line)));
    return {
      xs: seen.map((line) => knownAt(line).map(at)),
      ys: seen.map((line) => unpack(line.values)),
      colour: seen.map((line) => line.ink),
      name: seen.map(nameOf),
    };
  }

  // --- in words ---------------------------------------------------------------------------

  function tell(bars) {
    const own = chart();
    const { metrics } = own;
    const range = `low ${figure(metrics.low ?? NaN)}, high ${figure(metrics.high ?? NaN)}, last ${figure(metrics.last ?? NaN)}, volume ${figure(metrics.volume ?? NaN)}`;
    const there = `${figure(own.present)} of ${figure(own.expected)} bars of ${own.base} (${own.quality} %)`;
    const events = Object.entries(own.events).map(([kind, count]) => `${figure(count)} ${kind}`);
    byId("facts").textContent = [there, range, ...events].join("; ");
    byId("plot").setAttribute("aria-label", `Price and volume of ${state.symbol} on ${state.date}: ${there}; ${range}`);
    const together = bars.shown / bars.length;
    const coarse = together > 1 ? `, ${together} drawn as one (first, highest, lowest, last, sum)` : "";
    byId("caption").textContent =
      `Exchange time (${state.index.sessions[state.date].offset})${state.session.early ? ", an early close" : ""}. ` +
      `Bars of ${bars.label}${coarse}. Triangles: signals. Circles: scans. Shaded: no bars. A line's value stands where it was known.`;
  }

  function tableOf(title, heads, rows, more) {
    const section = document.createDocumentFragment();
    if (!rows.length) return section;
    section.append(element("h3", title));
    const box = element("div", "", { class: "scroll tall", tabindex: "0", role: "region", "aria-label": title });
    const table = element("table");
    const head = element("tr");
    head.append(...heads.map((each) => element("th", each, { scope: "col" })));
    table.append(element("thead"), element("tbody"));
    table.tHead.append(head);
    table.tBodies[0].append(
      ...rows.map((row) => {
        const made = element("tr");
        made.append(...row.map((each) => element("td", each, each.length > 60 ? { class: "long" } : {})));
        return made;
      }),
    );
    box.append(table);
    section.append(box);
    if (more > 0) section.append(element("p", `and ${figure(more)} more, in sessions/${state.date}.json`, { class: "note" }));
    return section;
  }

  function showTables() {
    const own = chart();
    const rows = (marks) => marks.texts.map((texts, n) => [clockOf(marks.seconds[n]), ...texts, figure(marks.prices[n] ?? NaN)]);
    const left = (marks) => marks.count - marks.texts.length;
    const timed = (all) => all.map(([seconds, ...words]) => [clockOf(seconds), ...words]);
    const { signals, scans, gaps } = own;
    const heads = ["clock", "action", "strategy", "quantity", "reason", "close then"];
    byId("tables").replaceChildren(
      tableOf("Signals", heads, rows(signals), left(signals)),
      tableOf(
        "Scans that found it", ["clock", "scanner", "reason", "close then"],
        rows(scans).map(([clock, , scanner, , reason, price]) => [clock, scanner, reason, price]), left(scans),
      ),
      tableOf("Gaps", ["from", "to", "bars missing"], gaps.slice(0, ROWS).map(([a, b, n]) => [clockOf(a), clockOf(b), figure(n)]), gaps.length - ROWS),
      tableOf("Symbols that came and went in this session", ["clock", "symbol", "change", "by"], timed(state.session.changes), 0),
      tableOf("Taken out in this session", ["clock", "kind", "name", "symbol", "error"], timed(state.session.disabled), 0),
    );
  }

  // --- going about ------------------------------------------------------------------------

  function asked() {
    let text = location.hash.slice(1);
    const cut = text.indexOf("/");
    const date = cut < 0 ? text : text.slice(0, cut);
    try {
      return Object.hasOwn(state.index.sessions, date) ? [date, cut < 0 ? "" : decodeURIComponent(text.slice(cut + 1))] : null;
    } catch {
      return [date, ""];
    }
  }

  async function follow(scroll = true) {
    const found = asked();
    if (!found) return;
    byId("open").hidden = false;
    if (scroll) byId("session").scrollIntoView();
    await open(...found);
  }

  function step(by) {
    const all = dates();
    const next = all[all.indexOf(state.date) + by];
    if (next) go(next, state.symbol);
  }

  function stepSymbol(by) {
    const { symbols } = state.index.sessions[state.date];
    const next = symbols[symbols.indexOf(state.symbol) + by];
    if (next !== undefined) go(state.date, next);
  }

  function go(date, symbol) {
    history.replaceState(null, "", place(date, symbol));
    follow(false);
  }

  function pressed(event) {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const typing = event.target.closest?.("input, select, textarea, .scroll");
    if (!by || !state.date || typing || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    if (event.shiftKey) stepSymbol(by);
    else step(by);
  }

  async function beginSessions() {
    state.index = await read("index");
    if (!dates().length) return;
    byId("closed").hidden = false;
    byId("first").addEventListener("click", () => (location.hash = place(dates()[0], "")));
    byId("before").addEventListener("click", () => step(-1));
    byId("after").addEventListener("click", () => step(1));
    addEventListener("hashchange", () => follow());
    addEventListener("keydown", pressed);
    dark.addEventListener("change", () => state.session && draw());
    await follow();
  }

  // --- the moves --------------------------------------------------------------------------

  async function beginMoves() {
    const moves = await read("moves");
    const texts = moves.map((row) => row.slice(1, 6).join(" ").toLowerCase());
    const body = byId("table").tBodies[0];
    let room = ROWS;
    const show = () => {
      const words = byId("with").value.toLowerCase().split(/\s+/).filter(Boolean);
      const to = byId("to").value;
      const found = moves.filter((row, n) => (!to || row[4] === to) && words.every((each) => texts[n].includes(each)));
      body.replaceChildren(...found.slice(0, room).map(rowOf));
      byId("found").textContent = `${figure(found.length)} of ${figure(moves.length)}`;
      byId("more").hidden = found.length <= room;
    };
    const rowOf = (row) => {
      const made = element("tr");
      made.append(...row.slice(0, 6).map((each) => element("td", String(each))), element("td", row[3] ? lasting(row[6]) : ""));
      return made;
    };
    const anew = () => {
      room = ROWS;
      show();
    };
    byId("to").append(...[...new Set(moves.map((row) => row[4]))].map((each) => element("option", each, { value: each })));
    byId("with").addEventListener("input", anew);
    byId("to").addEventListener("change", anew);
    byId("more").addEventListener("click", () => {
      room += 10 * ROWS;
      show();
    });
    byId("filters").hidden = byId("table").hidden = false;
    show();
  }

  Promise.all([beginSessions(), beginMoves()]).then(() => (document.body.dataset.ready = "yes"));
})();
