// Small words for the document. Text is always set as text, never as HTML.

import { NAMES, TAKEN_FOR } from "./categories.js"; // made by the service
import { t, word } from "./texts.js";

export const byId = (id) => document.getElementById(id);

/** A new element with properties, `on...` listeners, `data`, `aria` and children. */
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === "class") made.className = value;
    else if (name === "data") Object.assign(made.dataset, value);
    else if (name === "aria") for (const [key, text] of Object.entries(value)) made.setAttribute(`aria-${key}`, text);
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

/** An icon of the page's symbols. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const drawn = document.createElementNS(space, "svg");
  drawn.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `#i-${name}`);
  drawn.append(use);
  return drawn;
}

/** Says something to those who listen to the page rather than look at it. */
export function say(text) {
  byId("status").textContent = text;
}

let steps = 0;

/** Runs a step of work. From the first step's start to the last one's end `data-busy` of the body says so, for whoever waits. */
export async function atWork(step) {
  busy(1);
  try {
    return await step();
  } finally {
    busy(-1);
  }
}

function busy(change) {
  steps += change;
  document.body.dataset.busy = String(steps > 0);
}

/** `step`, once it was not asked for again for a while; the page is busy until then. `cancel` forgets it. */
export function debounced(step, waitMs = 450) {
  let wake = () => {};
  const later = () => atWork(async () => {
    wake(false);
    if (await new Promise((resolve) => { wake = resolve; setTimeout(resolve, waitMs, true); })) await step();
  });
  return Object.assign(later, { cancel: () => wake(false) });
}

/** The address where it is one that a link may have, else "". */
export function safeLink(address) {
  try {
    const parsed = new URL(address);
    return parsed.protocol === "https:" || parsed.protocol === "http:" ? parsed.href : "";
  } catch {
    return "";
  }
}

export const CATEGORIES = Object.keys(NAMES);

/** The categories that one is taken for. */
export const takenFor = (category) => TAKEN_FOR[category] ?? [];

/** What a shopper calls a category. */
export const nameOf = (category) => NAMES[category] ?? category;

/**
 * "navy blue striped shirt": an article's attributes as a shopper says them. A type of another
 * category than the article's own is left out: the two networks are then of two minds.
 */
export function describe({ category, attributes }) {
  const type = attributes.category && attributes.category !== category ? "" : attributes.type;
  const pattern = ["", "solid", "plain", undefined].includes(attributes.pattern) ? "" : attributes.pattern;
  const told = { type: word(type), color: word(attributes.color), pattern: word(pattern) };
  // An empty one leaves its comma or space: in no language two of them meet, or stand at an end.
  return t("described", told).replace(/(^|, |\s)(, |\s)+/g, "$1").replace(/^[, ]+|[, ]+$/g, "");
}
