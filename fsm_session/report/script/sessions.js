// Opens a session and a symbol of it; all texts are put in as text.

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
