// A chart of lines, points or bars over one x axis: uPlot with our colours, markers, bands, keyboard and picture.

import { mark } from "./palette.js";
import { number } from "./names.js";

/**
 * A series. `undefined` where a value is another series' affair, `null` where it is missing.
 *
 * @typedef {{label: string, look: import("./palette.js").Look, values: (number | null | undefined)[],
 *   low?: (number | null)[], high?: (number | null)[], faint?: boolean}} Series
 *
 * @typedef {{kind: "line" | "points" | "bars", x: number[], xLabel: string, xText?: (x: number) => string, yLabel: string,
 *   log: boolean, series: Series[], focus?: boolean, onCursor?: (place: number | null, nearest: number | null) => void}} Drawing
 */

const { uPlot } = /** @type {any} */ (window);

const MARKER_RADIUS = 3.5;
/** Markers of a line stand at least so far apart, in pixels. */
const MARKER_SPACING = 22;

export class Chart {
  /**
   * @param {HTMLElement} host which can have the focus
   * @param {Drawing} drawing
   */
  constructor(host, drawing) {
    this.host = host;
    this.drawing = drawing;
    /** How many values have no place on a logarithmic axis. */
    this.nLeftOut = 0;
    this.place = /** @type {number | null} */ (null);
    this.nearest = /** @type {number | null} */ (null);
    const { data, series, bands, lines } = this.#prepare();
    this.lines = lines;
    host.replaceChildren();
    this.plot = new uPlot({ ...this.#options(), series, bands, ...this.#size() }, data, host);
    this.observer = new ResizeObserver(() => this.plot.setSize(this.#size()));
    this.observer.observe(host);
    this.onKey = (/** @type {KeyboardEvent} */ event) => this.#key(event);
    host.addEventListener("keydown", this.onKey);
  }

  destroy() {
    this.observer.disconnect();
    this.host.removeEventListener("keydown", this.onKey);
    this.plot.destroy();
  }

  /**
   * The chart as a picture, with its title and what its series are.
   *
   * @param {string} title
   * @param {string} subtitle
   * @returns {Promise<Blob>}
   */
  picture(title, subtitle) {
    const plot = this.plot.ctx.canvas;
    const scale = devicePixelRatio;
    const entries = this.drawing.series.filter(({ faint }) => !faint);
    const [margin, line] = [16 * scale, 20 * scale];
    const canvas = document.createElement("canvas");
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const style = getComputedStyle(this.host);
    const font = (/** @type {string} */ weight, /** @type {number} */ size) => `${weight} ${size * scale}px ${style.fontFamily}`;
    canvas.width = plot.width + 2 * margin;
    context.font = font("400", 13);
    // The legend flows over as many lines as it takes.
    const placed = [];
    let [x, y] = [margin, margin + 2.6 * line];
    for (const series of entries) {
      const width = 44 * scale + context.measureText(series.label).width + 16 * scale;
      if (x > margin && x + width > canvas.width - margin) [x, y] = [margin, y + line];
      placed.push({ series, x, y });
      x += width;
    }
    const top = y + line;
    canvas.height = top + plot.height + margin;
    context.fillStyle = color("--ground");
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.textBaseline = "middle";
    context.fillStyle = color("--ink");
    context.font = font("600", 16);
    context.fillText(title, margin, margin + line / 2);
    context.font = font("400", 13);
    context.fillStyle = color("--muted");
    context.fillText(subtitle, margin, margin + 1.5 * line);
    for (const { series, x, y } of placed) {
      context.strokeStyle = context.fillStyle = series.look.color;
      context.lineWidth = 2 * scale;
      context.setLineDash(series.look.dash.map((part) => part * scale));
      context.beginPath();
      if (this.drawing.kind === "line") context.moveTo(x, y), context.lineTo(x + 34 * scale, y);
      context.stroke();
      context.beginPath();
      mark(context, series.look.marker, x + 17 * scale, y, MARKER_RADIUS * scale);
      context.fill();
      context.fillStyle = color("--ink");
      context.fillText(series.label, x + 42 * scale, y);
    }
    context.drawImage(plot, margin, top);
    return new Promise((resolve, reject) =>
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the browser makes no picture of it")))),
    );
  }

  /** Series and data as uPlot has them: a band is two series that are not drawn. */
  #prepare() {
    const { series, x, log, kind } = this.drawing;
    const positive = (/** @type {number | null | undefined} */ value) => !log || !(typeof value === "number") || value > 0;
    const all = series.flatMap(({ values, low = [], high = [] }) => [...values, ...low, ...high]);
    const smallest = Math.min(...all.filter((value) => typeof value === "number" && value > 0).map(Number));
    const data = /** @type {unknown[]} */ ([x]);
    const made = /** @type {object[]} */ ([{}]);
    const bands = [];
    const lines = new Map();
    for (const [index, { values, low, high, look, label, faint }] of series.entries()) {
      const drawn = values.map((value) => (positive(value) ? value : null));
      this.nLeftOut += values.filter((value) => !positive(value)).length;
      if (low && high) {
        const edge = { label, stroke: "transparent", width: 0, points: { show: false } };
        bands.push({ series: [made.length, made.length + 1], fill: translucent(look.color, 0.16) });
        data.push(high.map((value) => (positive(value) ? value : null)));
        data.push(low.map((value) => (positive(value) ? value : smallest)));
        made.push(edge, edge);
      }
      lines.set(made.length, index);
      data.push(drawn);
      const stroke = translucent(look.color, faint ? 0.8 : 1);
      const width = kind === "line" ? (faint ? 1 : 2) : 0;
      made.push({ label, stroke, width, dash: look.dash, points: { show: false }, paths: kind === "line" ? undefined : () => null });
    }
    return { data, series: made, bands, lines };
  }

  #options() {
    const { xLabel, xText, yLabel, log, kind, x, focus } = this.drawing;
    const font = `12px ${getComputedStyle(this.host).fontFamily}`;
    const grid = { stroke: color("--grid"), width: 1 };
    const axis = { stroke: color("--muted"), font, labelFont: font, grid, ticks: { ...grid, size: 5 }, labelSize: 18, labelGap: 0 };
    const step = spacing(x);
    const pad = kind === "bars" ? step * 0.6 : ((x.at(-1) ?? 1) - (x[0] ?? 0)) * 0.02 || 0.5;
    const width = (/** @type {any} */ plot, /** @type {(string | null)[]} */ texts) => {
      plot.ctx.font = font.replace("12px", `${12 * devicePixelRatio}px`);
      const widths = (texts ?? []).map((text) => plot.ctx.measureText(text ?? "").width / devicePixelRatio);
      return 14 + Math.max(0, ...widths);
    };
    return {
      legend: { show: false },
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false }, focus: { prox: focus ? 30 : -1 } },
      focus: { alpha: 0.35 },
      scales: {
        x: { time: false, range: (/** @type {any} */ _, /** @type {number} */ min, /** @type {number} */ max) => [min - pad, max + pad] },
        y: { distr: log ? 3 : 1, ...(log && { range: logRange }), ...(kind === "bars" && !log && { range: fromZero }) },
      },
      axes: [
        { ...axis, label: xLabel, size: 30, values: ticks(xText ?? number), ...(xText && { incrs: [1, 2, 5, 10, 20, 50, 100], space: 70 }) },
        { ...axis, label: yLabel, values: ticks(number), size: width },
      ],
      hooks: {
        drawSeries: [(/** @type {any} */ plot, /** @type {number} */ index) => this.#drawSeries(plot, index)],
        draw: [(/** @type {any} */ plot) => this.#drawPlace(plot)],
        setCursor: [(/** @type {any} */ plot) => this.#moved(plot.cursor.idx ?? null, this.nearest)],
        setSeries: [
          (/** @type {any} */ _, /** @type {number | null} */ index, /** @type {any} */ options) => {
            if (options.focus) this.#moved(this.place, index === null ? null : (this.lines.get(index) ?? null));
          },
        ],
      },
    };
  }

  /** @param {number | null} place @param {number | null} nearest */
  #moved(place, nearest) {
    if (place === this.place && nearest === this.nearest) return;
    this.place = place;
    this.nearest = nearest;
    this.drawing.onCursor?.(place, nearest);
  }

  /** @param {any} plot @param {number} index of uPlot's series */
  #drawSeries(plot, index) {
    const number = this.lines.get(index);
    if (number === undefined) return;
    const { kind, series } = this.drawing;
    const { look, faint } = series[number];
    if (kind === "line" && faint) return;
    const scale = devicePixelRatio;
    const context = plot.ctx;
    const values = plot.data[index];
    const step = Math.abs(plot.valToPos(spacing(plot.data[0]), "x", true) - plot.valToPos(0, "x", true));
    const bar = Math.min(step * 0.8, 80 * scale) / series.length;
    const floor = Math.min(plot.valToPos(this.drawing.log ? plot.scales.y.min : 0, "y", true), plot.bbox.top + plot.bbox.height);
    context.save();
    context.beginPath();
    context.rect(plot.bbox.left - 6 * scale, plot.bbox.top - 6 * scale, plot.bbox.width + 12 * scale, plot.bbox.height + 12 * scale);
    context.clip();
    context.beginPath();
    // Where points lie close, only some have markers: those at the same places of every line.
    const every = kind === "line" ? Math.max(1, Math.ceil((MARKER_SPACING * scale) / step)) : 1;
    for (const [at, value] of values.entries()) {
      if (value === null || value === undefined) continue;
      const [x, y] = [plot.valToPos(plot.data[0][at], "x", true), plot.valToPos(value, "y", true)];
      if (kind === "bars") {
        const left = x + (number - series.length / 2) * bar;
        context.rect(left + bar * 0.05, Math.min(y, floor), bar * 0.9, Math.abs(floor - y));
        // Bars differ by more than their colour, too.
        if (bar > 10 * scale) mark(context, look.marker, left + bar / 2, y - (y > floor ? -7 : 7) * scale, MARKER_RADIUS * scale);
      } else if (at % every === 0) {
        mark(context, look.marker, x, y, MARKER_RADIUS * scale);
      }
    }
    context.setLineDash([]);
    context.fillStyle = translucent(look.color, kind === "points" ? 0.75 : 1);
    context.strokeStyle = color("--ground");
    context.lineWidth = scale;
    if (kind === "line") context.stroke();
    context.fill();
    context.restore();
  }

  /** Where the frame's lower edge is. @param {any} plot */
  #drawPlace(plot) {
    const { left, top, width, height } = plot.bbox;
    plot.ctx.save();
    plot.ctx.setLineDash([]);
    plot.ctx.strokeStyle = color("--muted");
    plot.ctx.lineWidth = devicePixelRatio;
    plot.ctx.beginPath();
    plot.ctx.moveTo(left, top + height);
    plot.ctx.lineTo(left + width, top + height);
    plot.ctx.stroke();
    plot.ctx.restore();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const last = this.drawing.x.length - 1;
    const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };
    if (event.key === "Escape") {
      this.plot.setCursor({ left: -10, top: -10 });
      return;
    }
    const step = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (step === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const from = this.place ?? (step > 0 ? -1 : last + 1);
    const place = Math.min(Math.max(from + step, 0), last);
    this.plot.setCursor({ left: this.plot.valToPos(this.drawing.x[place], "x"), top: this.plot.over.clientHeight / 2 });
  }

  #size() {
    const width = Math.max(this.host.clientWidth, 200);
    return { width, height: Math.round(Math.min(Math.max(width * 0.52, 280), 460)) };
  }
}

/** @param {string} name of a variable of the style sheet */
function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @param {string} hex @param {number} share */
function translucent(hex, share) {
  return hex + Math.round(share * 255).toString(16).padStart(2, "0");
}

/** The least distance of two neighbours. @param {number[]} x */
function spacing(x) {
  let least = Infinity;
  for (let at = 1; at < x.length; at++) if (x[at] > x[at - 1]) least = Math.min(least, x[at] - x[at - 1]);
  return Number.isFinite(least) ? least : 1;
}

/** @param {(value: number) => string} text */
const ticks = (text) => (/** @type {any} */ _, /** @type {(number | null)[]} */ values) =>
  values.map((value) => (value === null ? "" : text(value)));

/** From one round number to another. @param {any} _ @param {number | null} min @param {number | null} max */
function logRange(_, min, max) {
  if (min === null || max === null || !(min > 0)) return [1, 10];
  const steps = [1, 2, 3, 5, 7, 10];
  const power = (/** @type {number} */ value) => 10 ** Math.floor(Math.log10(value));
  const low = steps.findLast((step) => step * power(min) <= min * 1.0001) ?? 1;
  const high = steps.find((step) => step * power(max) >= max * 0.9999) ?? 10;
  const range = [low * power(min), high * power(max)];
  return range[0] < range[1] ? range : [range[0] / 2, range[1] * 2];
}

/** @param {any} _ @param {number | null} min @param {number | null} max */
function fromZero(_, min, max) {
  if (min === null || max === null) return [0, 1];
  const [low, high] = [Math.min(min, 0), Math.max(max, 0)];
  const room = (high - low || 1) * 0.08;
  return [low && low - room, high && high + room];
}
