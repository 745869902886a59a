// Asks for recommendations: one question at a time, its progress, and what to say when it fails.

import * as api from "./api.js";
import { atWork, byId, el, say } from "./dom.js";
import { t } from "./texts.js";

const LISTS = new Set(["include", "categories", "corrections", "boosts", "brands", "colors", "availability", "exclude_ids", "liked", "disliked", "off"]);

let running = null;

/** The body of a question: a form with the photo, or JSON with its address. */
export function bodyOf({ photo, name, url }, fields) {
  if (!url) {
    const form = new FormData();
    form.append("photo", photo, name);
    for (const [field, value] of fields) form.append(field, value);
    return form;
  }
  const json = { photo_url: url };
  for (const [field, value] of fields) {
    if (LISTS.has(field)) (json[field] ??= []).push(value);
    else json[field] = field === "box" ? value.split(",").map(Number) : value;
  }
  return JSON.stringify(json);
}

/** The answer for a photo and the fields of a request; a question still running is given up. */
export async function ask(source, fields, words) {
  stop();
  const stopper = new AbortController();
  running = stopper;
  busy(true, words);
  try {
    return await api.send("/v1/recommendations", bodyOf(source, fields), { onProgress: progress, signal: stopper.signal });
  } finally {
    if (running === stopper) busy(false);
  }
}

/** Gives up the question that is running. */
export function stop() {
  running?.abort();
}

function busy(on, words = "") {
  byId("bar").hidden = !on;
  document.body.classList.toggle("busy", on);
  if (on) {
    byId("alert").hidden = true;
    say(words);
  }
}

function progress(part) {
  const bar = byId("bar");
  bar.classList.toggle("unsure", part === null);
  bar.firstElementChild.style.width = part === null ? "" : `${Math.round(part * 100)}%`;
  if (part === null) bar.removeAttribute("aria-valuenow");
  else bar.setAttribute("aria-valuenow", String(Math.round(part * 100)));
}

/** Runs a step; where it fails says why, and offers to try again. */
export const attempt = (step) => atWork(async () => {
  try {
    await step();
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof api.Trouble)) throw error;
    if (error.code === "key") askKey(() => attempt(step));
    else complain(error, () => attempt(step));
  }
});

/** Says what went wrong; `again` tries once more where that may help. */
export function complain(trouble, again) {
  const box = byId("alert");
  const mayPass = trouble.status === 0 || trouble.status >= 500 || trouble.status === 429;
  const wait = trouble.retryS ? ` ${t("try_again_in", { n: trouble.retryS })}` : "";
  box.replaceChildren(el("p", {}, trouble.message + wait),
    mayPass && again ? el("button", { type: "button", class: "plain", onclick: again }, t("try_again")) : "",
    trouble.id && trouble.status >= 500 ? el("p", { class: "quiet" }, t("request_id", { id: trouble.id })) : "");
  box.hidden = false;
  box.scrollIntoView({ block: "nearest" });
}

function askKey(then) {
  const dialog = byId("asking");
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "ok") return;
    api.key.set(byId("key").value.trim());
    byId("key").value = "";
    then();
  }, { once: true });
  dialog.showModal();
}
