// Asks the server. Addresses are relative, so that the page also works below a path of another server.

/**
 * @typedef {{name: string, type: string}} Column
 * @typedef {{columns: Column[], rows: unknown[][], truncated: boolean, elapsed_ms: number}} Answer
 * @typedef {{name: string, title: string, description: string, sql: string,
 *   parameters: {name: string, default: string, meaning: string}[]}} NamedQuery
 * @typedef {{name: string, kind: string, syntax: string, description: string}} SqlFunction
 * @typedef {{name: string, version: string, schema_version: string, n_runs: number,
 *   tables: {name: string, columns: (Column & {description: string})[]}[], functions: SqlFunction[],
 *   queries: NamedQuery[], limits: {max_rows: number, time_seconds: number | null},
 *   formats: {name: string, extension: string, title: string}[]}} Dataset
 */

const TOKEN = "engram-token";

/** What went wrong, in the server's words. */
export class Refusal extends Error {
  /** @param {number} status 0 when nothing answered @param {{message: string, hint?: string, line?: number, column?: number, width?: number}} error */
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.hint = error.hint ?? "";
    this.line = error.line ?? 0;
    this.column = error.column ?? 0;
    this.width = error.width ?? 1;
  }
}

export const token = {
  get: () => sessionStorage.getItem(TOKEN) ?? "",
  /** @param {string} value */
  set: (value) => sessionStorage.setItem(TOKEN, value),
  forget: () => sessionStorage.removeItem(TOKEN),
};

/** @returns {Promise<Dataset>} what the dataset is */
export const dataset = async () => (await ask("api/dataset")).json();

/** @returns {Promise<Answer>} the layers, rules and conditions that there are */
export const choices = async () => (await ask("api/choices")).json();

/**
 * The SQL of a named query with its parameters filled in.
 *
 * @param {string} name
 * @param {Record<string, string>} parameters
 * @returns {Promise<string>}
 */
export async function boundQuery(name, parameters) {
  const address = `api/queries/${encodeURIComponent(name)}?${new URLSearchParams(parameters)}`;
  return (await (await ask(address)).json()).sql;
}

/**
 * Runs a statement.
 *
 * @param {string} sql
 * @param {{maxRows?: number, signal?: AbortSignal}} [options]
 * @returns {Promise<Answer>}
 */
export async function query(sql, { maxRows, signal } = {}) {
  return (await post("api/sql", { sql, max_rows: maxRows }, signal)).json();
}

/**
 * The whole answer of a statement as a file.
 *
 * @param {string} sql
 * @param {string} format
 * @param {AbortSignal} signal
 * @returns {Promise<Blob>}
 */
export async function download(sql, format, signal) {
  return body(await post("api/download", { sql, format }, signal), (response) => response.blob());
}

/** @returns {Promise<string>} the page of figures and claims */
export async function report() {
  return body(await ask("report"), (response) => response.text());
}

/** @param {string} address @param {unknown} content @param {AbortSignal} [signal] */
function post(address, content, signal) {
  const headers = { "Content-Type": "application/json" };
  return ask(address, { method: "POST", headers, body: JSON.stringify(content), signal });
}

/** @param {string} address @param {RequestInit} [request] */
async function ask(address, request = {}) {
  const headers = new Headers(request.headers);
  if (token.get()) headers.set("Authorization", `Bearer ${token.get()}`);
  const response = await reach(() => fetch(address, { ...request, headers }));
  if (response.ok) return response;
  const text = await response.text();
  let error = { message: text || `the server answered ${response.status} ${response.statusText}` };
  try {
    error = JSON.parse(text).error ?? error;
  } catch {
    // Whatever stands between us and the server has its own words.
  }
  throw new Refusal(response.status, error);
}

/**
 * @template T
 * @param {Response} response
 * @param {(response: Response) => Promise<T>} read
 */
function body(response, read) {
  return reach(() => read(response), "the answer broke off before its end");
}

/**
 * @template T
 * @param {() => Promise<T>} attempt
 * @param {string} [message] when it fails
 */
async function reach(attempt, message = "the server does not answer") {
  try {
    return await attempt();
  } catch (error) {
    if (/** @type {Error} */ (error).name === "AbortError") throw error;
    throw new Refusal(0, { message, hint: "see whether `engram serve` still runs, and try again" });
  }
}
