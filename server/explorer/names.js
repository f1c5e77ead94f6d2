// What things are called, and how numbers are written.

/** @type {Record<string, string>} */
const KNOWN = {
  sgdm: "SGDM",
  adam: "Adam",
  kolen_pollack: "Kolen–Pollack",
  imagenet: "ImageNet",
  simclr: "SimCLR",
  wsn: "WSN",
  cifar10: "CIFAR-10",
  digits: "Digits",
  digits_simclr: "Digits SimCLR",
  raw: "x",
  abs: "|x|",
  square: "x²",
  var: "variance",
  skew: "skewness",
};

/** @param {string} name a task, rule, measure, function, statistic or depth @returns {string} as readers know it */
export function label(name) {
  if (KNOWN[name]) return KNOWN[name];
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {string} name @returns {string} */
export function architecture(name) {
  return name
    .replace("alexnet", "AlexNet")
    .replace("resnet", "ResNet-")
    .replace("knet", "KNet-")
    .replace("_lrn", " LRN")
    .replace("v2", " v2");
}

/** @param {string} measure @param {string} fn @param {string} statistic @returns {string} `Weight |x|, median` */
export function observable(measure, fn, statistic) {
  return `${label(measure)} ${label(fn)}, ${label(statistic).toLowerCase()}`;
}

/** @param {number | null | undefined} value @returns {string} with five significant digits */
export function number(value) {
  if (value === null || value === undefined) return "–";
  if (!Number.isFinite(value)) return String(value).replace("Infinity", "∞").replace("-", "−");
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-4 || size >= 1e7) ? value.toExponential(3) : String(Number(value.toPrecision(5)));
  return text.replace("-", "−").replace(/e(\+)?/, " × 10^").replace(/ × 10\^([−-]?\d+)/, (_, power) => ` × 10${raised(power)}`);
}

/** @param {number} count @returns {string} */
export const thousands = (count) => count.toLocaleString("en-US");

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${thousands(count)} ${count === 1 ? one : many}`;

/** @param {number} milliseconds */
export const time = (milliseconds) =>
  milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

/** @param {string} power */
function raised(power) {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  return [...power].map((digit) => (/\d/.test(digit) ? digits[Number(digit)] : "⁻")).join("");
}
