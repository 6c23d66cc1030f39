// Fills the plot, which is embedded once for each number of panes, with a session's columns.

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
