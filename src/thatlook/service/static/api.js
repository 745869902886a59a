// Asks the service. Every failure is a Trouble with words for a shopper.

const STORED = "thatlook-key";

export class Trouble extends Error {
  constructor(words, { code = "", status = 0, retryS = 0, id = "" } = {}) {
    super(words);
    Object.assign(this, { code, status, retryS, id });
  }
}

const WORDS = {
  too_many_bytes: "That photo is too large. Try a smaller one.",
  too_many_pixels: "That photo has too many pixels. Try a smaller one.",
  too_many_scans: "That photo takes too long to read. Save it anew and try again.",
  too_small: "That picture is too small to see what is worn.",
  unsupported_format: "That file is not a photo this page can read. JPEG, PNG, WebP, AVIF, GIF and BMP work; an iPhone's HEIC needs converting.",
  damaged: "That photo is damaged or was cut off on its way.",
  empty: "That file is empty.",
  busy: "Many people are looking for looks right now.",
  deadline: "That took too long, and was given up.",
  rate: "That was a lot of photos in a short time.",
  photo_url_is_off: "This shop does not take photo addresses. Save the photo and choose it here.",
  not_fetched: "There is no photo to be had at that address.",
  internal: "Something broke on our side.",
};

export const key = {
  get: () => sessionStorage.getItem(STORED) ?? "",
  set: (value) => sessionStorage.setItem(STORED, value),
};

const authorization = () => (key.get() ? { Authorization: `Bearer ${key.get()}` } : {});

/** What the service says of itself. */
export async function info() {
  const answer = await fetch("/v1/info", { headers: authorization() });
  if (!answer.ok) throw new Trouble("The shop does not answer.", { status: answer.status });
  return answer.json();
}

/** The JSON at an address of the service. */
export async function get(path) {
  const answer = await fetch(path, { headers: authorization() }).catch(() => {
    throw new Trouble(navigator.onLine ? "The shop cannot be reached. Is it still running?" : "You are offline.");
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
    request.onerror = () => reject(new Trouble(navigator.onLine ? "The shop cannot be reached. Is it still running?" : "You are offline."));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    request.onload = () => (request.status < 300 && request.response ? resolve(request.response) : reject(troubleOf(request)));
    signal?.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}

function troubleOf(request) {
  const told = request.response ?? {};
  const code = told.code ?? "";
  const words = WORDS[code] ?? `That did not work: ${told.detail ?? `the answer was ${request.status}`}.`;
  const retryS = Number(request.getResponseHeader("Retry-After")) || 0;
  return new Trouble(words, { code, status: request.status, retryS, id: told.request_id ?? "" });
}

/** Shows a product's picture in an img; where a key is needed it is fetched with it. */
export async function picture(image, id, size = "medium") {
  const address = `/v1/products/${encodeURIComponent(id)}/image?size=${size}`;
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
