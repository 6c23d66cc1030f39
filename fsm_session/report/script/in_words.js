// What the plot shows, in words and tables.

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
