// Draws a terminal's screen, as text with SGR sequences, as an SVG.

const CELL = { width: 8.4, height: 19 };
const MARGIN = 16;
const THEME = {
  background: "#1b1f24", text: "#d7dde4",
  colours: ["#5c6773", "#ff6b68", "#7ec16e", "#e5b567", "#6cb6ff", "#c58fff", "#5fc4c0", "#d7dde4"],
};

/** `title` is read to whoever cannot see the picture. */
export function svgOf(screen, columns, title) {
  const lines = screen.split("\n").map(spansOf);
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = lines.length * CELL.height + 2 * MARGIN;
  const rows = lines.map((spans, row) => `<text x="${MARGIN}" y="${MARGIN + (row + 0.75) * CELL.height}" xml:space="preserve">${spans.map(spanOf).join("")}</text>`);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(title)}</title>
<rect width="100%" height="100%" rx="8" fill="${THEME.background}"/>
<g font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14" fill="${THEME.text}">
${rows.join("\n")}
</g>
</svg>
`;
}

/** Runs of one look: "\x1b[31mred\x1b[39m" → [{ text, fill, bold, dim }]. */
function spansOf(line) {
  const spans = [];
  let look = {};
  for (const [, codes, text] of line.matchAll(/(?:\x1b\[([0-9;]*)m)|([^\x1b]+)/g)) {
    if (text !== undefined) spans.push({ text, ...look });
    else for (const code of codes === "" ? [0] : codes.split(";").map(Number)) look = changed(look, code);
  }
  return spans;
}

function changed(look, code) {
  if (code === 0) return {};
  if (code === 1) return { ...look, bold: true };
  if (code === 2) return { ...look, dim: true };
  if (code === 22) return { ...look, bold: false, dim: false };
  if (code === 39) return { ...look, fill: undefined };
  if (code >= 30 && code <= 37) return { ...look, fill: THEME.colours[code - 30] };
  if (code >= 90 && code <= 97) return { ...look, fill: THEME.colours[code - 90] };
  return look;
}

function spanOf({ text, fill, bold, dim }) {
  const attributes = [fill && ` fill="${fill}"`, bold && ' font-weight="bold"', dim && ' opacity="0.6"'].filter(Boolean).join("");
  return attributes === "" ? escaped(text) : `<tspan${attributes}>${escaped(text)}</tspan>`;
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
