// What the page carries is deflated, and its columns are differences: back to what they were.

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
