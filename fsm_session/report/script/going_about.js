// From session to session and symbol to symbol: links, buttons, arrow keys.

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
