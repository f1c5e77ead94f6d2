// How series are told apart: the colours of the report (Okabe and Ito's, for every colour vision), in its order, with a
// marker each, and a dash where colours begin anew.

/** The colours of `report/src/drawing/palette.rs`; the last is black, which a dark ground turns to its ink. */
export const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

/** @typedef {"circle" | "square" | "triangle" | "diamond" | "wedge"} Marker */

/** @type {Marker[]} */
const MARKERS = ["circle", "square", "triangle", "diamond", "wedge"];
const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3]];

/** The learning rules in the order of the program: a rule looks the same wherever it is seen. */
const RULES = [
  "sgdm",
  "adam",
  "feedback_alignment",
  "information_alignment",
  "kolen_pollack",
  "weight_mirror",
  "symmetric_alignment",
  "activation_alignment",
  "uniform_sign",
  "batchwise_random_sign",
  "fixed_random_sign",
  "direct_feedback_alignment",
];

/** @typedef {{color: string, marker: Marker, dash: number[]}} Look */

/** @param {number} index of a series @returns {Look} */
export function look(index) {
  const color = COLORS[index % COLORS.length];
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  return {
    color: color === "#000000" && dark ? "#e7e9ed" : color,
    marker: MARKERS[index % MARKERS.length],
    dash: DASHES[index % DASHES.length],
  };
}

/** @param {string} rule @returns {Look} */
export function lookOfRule(rule) {
  return look(Math.max(RULES.indexOf(rule), 0));
}

/** @param {string} a @param {string} b order of two rules */
export const byRule = (a, b) => RULES.indexOf(a) - RULES.indexOf(b);

/**
 * Adds a marker around a point to a path.
 *
 * @param {CanvasRenderingContext2D | Path2D} path
 * @param {Marker} marker
 * @param {number} x
 * @param {number} y
 * @param {number} r
 */
export function mark(path, marker, x, y, r) {
  const corners = {
    circle: [],
    square: [[-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]],
    triangle: [[0, -1.2], [1.15, 0.85], [-1.15, 0.85]],
    diamond: [[0, -1.25], [1.25, 0], [0, 1.25], [-1.25, 0]],
    wedge: [[-1.15, -0.85], [1.15, -0.85], [0, 1.2]],
  }[marker];
  if (corners.length === 0) {
    path.moveTo(x + r, y);
    path.arc(x, y, r, 0, 2 * Math.PI);
    return;
  }
  corners.forEach(([dx, dy], index) => (index ? path.lineTo(x + dx * r, y + dy * r) : path.moveTo(x + dx * r, y + dy * r)));
  path.closePath();
}

/**
 * A sample of a series: its line with its marker, as it is drawn.
 *
 * @param {Look} look
 */
export function swatch({ color, marker, dash }) {
  const [width, height, scale] = [34, 14, Math.max(devicePixelRatio, 2)];
  const canvas = document.createElement("canvas");
  canvas.className = "swatch";
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d");
  if (context) paint(context, scale, { color, marker, dash }, width, height);
  return canvas;
}

/** @param {CanvasRenderingContext2D} context @param {number} scale @param {Look} look @param {number} width @param {number} height */
function paint(context, scale, { color, marker, dash }, width, height) {
  context.scale(scale, scale);
  context.strokeStyle = context.fillStyle = color;
  context.lineWidth = 2;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(1, height / 2);
  context.lineTo(width - 1, height / 2);
  context.stroke();
  context.beginPath();
  mark(context, marker, width / 2, height / 2, 4);
  context.fill();
}
