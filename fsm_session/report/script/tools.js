// What all of the page's script uses: elements, colours, figures as words.

const byId = (id) => document.getElementById(id);
const PALETTE = ["#3b82c4", "#e08a1e", "#9a6fd0", "#2f9e6e", "#d2589a", "#8a8f2a", "#4fb3bf", "#b0644c"];
const ROWS = 300;

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
