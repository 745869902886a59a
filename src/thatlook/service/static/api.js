// Asks the service. Every failure is a Trouble with words for a shopper.

import { t } from "./texts.js";

const STORED = "thatlook-key";

export class Trouble extends Error {
  constructor(words, { code = "", status = 0, retryS = 0, id = "" } = {}) {
    super(words);
    Object.assign(this, { code, status, retryS, id });
  }
}

const TOLD = new Set([
  "too_many_bytes", "too_many_pixels", "too_many_scans", "too_small", "unsupported_format", "damaged", "empty",
  "busy", "deadline", "rate", "photo_url_is_off", "not_fetched", "unknown_product", "internal",
]);

export const key = {
  get: () => sessionStorage.getItem(STORED) ?? "",
  set: (value) => sessionStorage.setItem(STORED, value),
};

/** The header with the key, where there is one. */
export const authorization = () => (key.get() ? { Authorization: `Bearer ${key.get()}` } : {});

/** What the service says of itself. */
export async function info() {
  const answer = await fetch("/v1/info", { headers: authorization() });
  if (!answer.ok) throw new Trouble(t("no_answer"), { status: answer.status });
  return answer.json();
}

/** The JSON at an address of the service. */
export async function get(path) {
  const answer = await fetch(path, { headers: authorization() }).catch(() => {
    throw new Trouble(t(navigator.onLine ? "unreachable" : "offline"));
  });
  const response = await answer.json().catch(() => null);
  if (answer.ok && response) return response;
  throw troubleOf({ response, status: answer.status, getResponseHeader: (name) => answer.headers.get(name) });
}

/** Sends a form and gives the answer's JSON; `onProgress` hears 0..1 of the upload, then null. */
export function send(path, body, { onProgress = () => {}, signal } = {}) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    request.responseType = "json";
    for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
    if (typeof body === "string") request.setRequestHeader("Content-Type", "application/json");
    request.upload.onprogress = (event) => onProgress(event.lengthComputable ? event.loaded / event.total : null);
    request.upload.onload = () => onProgress(null);
    request.onerror = () => reject(new Trouble(t(navigator.onLine ? "unreachable" : "offline")));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    request.onload = () => (request.status < 300 && request.response ? resolve(request.response) : reject(troubleOf(request)));
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

function troubleOf(request) {
  const told = request.response ?? {};
  const code = told.code ?? "";
  const words = TOLD.has(code) ? t(code) : t("failed", { detail: told.detail ?? t("failed_status", { status: String(request.status) }) });
  const retryS = Number(request.getResponseHeader("Retry-After")) || 0;
  return new Trouble(words, { code, status: request.status, retryS, id: told.request_id ?? "" });
}

/** Shows a product's picture in an img. */
export const picture = (image, id, size = "medium") => pictureAt(image, `/v1/products/${encodeURIComponent(id)}/image?size=${size}`);

/** Shows the picture at an address of the service in an img; where a key is needed it is fetched with it. */
export async function pictureAt(image, address) {
  image.addEventListener("error", () => image.classList.add("gone"), { once: true });
  if (!key.get()) {
    image.src = address;
    return;
  }
  const answer = await fetch(address, { headers: authorization() }).catch(() => null);
  if (!answer?.ok) {
    image.classList.add("gone");
    return;
  }
  const made = URL.createObjectURL(await answer.blob());
  image.addEventListener("load", () => URL.revokeObjectURL(made), { once: true });
  image.src = made;
}
