// The table of moves, and what it is filtered by.

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
