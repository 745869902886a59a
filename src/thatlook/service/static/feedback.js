// What shoppers choose, told to the shop where it wants that and they agreed. Before, nothing is
// sent. Nothing says who they are: a list of products has a random id of its own.

import { authorization } from "./api.js";
import { byId, el } from "./dom.js";
import { t } from "./texts.js";

const STORED = "thatlook-feedback";
const WAIT_MS = 1500;
const MOST = 100; // events of one message
const SEEN = 0.5; // the part of a card that must be on the screen

let wanted = false; // by the shop
let timer = 0;
const waiting = new Map(); // events by list
const shownOn = new WeakMap(); // what stands on an element: its list, product and place
const listsOf = new WeakMap(); // a list per array of matches, so that drawing it anew begins none
const observer = new IntersectionObserver(noteSeen, { threshold: SEEN });

const answer = () => {
  try {
    return localStorage.getItem(STORED) ?? (navigator.globalPrivacyControl ? "no" : "");
  } catch {
    return "no"; // a browser that keeps nothing cannot keep a consent
  }
};

const agreed = () => wanted && answer() === "yes";

/** The list that matches are shown as; `about` has its source, its category and its query. */
export function listOf(matches, about) {
  if (!listsOf.has(matches)) {
    const id = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    listsOf.set(matches, { id, about, told: new Set() });
  }
  return listsOf.get(matches);
}

/** Watches an element that shows a match of a list, at a place from 1 on; `seen`: also whether it is on the screen. */
export function watch(element, list, match, place, seen = true) {
  shownOn.set(element, { list, match, place });
  // Before the buttons' own listeners: what is pressed already is being taken back.
  element.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-tells]");
    if (button && button.getAttribute("aria-pressed") !== "true") tell(element, button.dataset.tells);
  }, { capture: true });
  if (seen) observer.observe(element);
  return element;
}

function noteSeen(entries) {
  for (const { target, isIntersecting } of entries) if (isIntersecting) tell(target, "shown");
}

/** Notes what became of a product; sent soon, with others. */
function tell(element, kind) {
  const { list, match: { product, nearness = "", score, team = "" }, place } = shownOn.get(element);
  const once = `${kind} ${product.id}`;
  if (!agreed() || list.told.has(once)) return;
  list.told.add(once);
  const event = { product: product.id, position: place, kind, nearness, score, team };
  waiting.set(list, [...(waiting.get(list) ?? []), event]);
  clearTimeout(timer);
  timer = setTimeout(send, WAIT_MS);
}

function send() {
  for (const [list, events] of waiting) while (events.length) post({ consent: true, list: list.id, ...list.about, events: events.splice(0, MOST) });
  waiting.clear();
}

/** It must never disturb: what cannot be sent is let go. */
function post(body) {
  const headers = { "Content-Type": "application/json", ...authorization() };
  fetch("/v1/feedback", { method: "POST", keepalive: true, headers, body: JSON.stringify(body) }).catch(() => {});
}

function choose(word) {
  try {
    localStorage.setItem(STORED, word);
  } catch {
    return; // as `answer`
  }
  if (word === "yes") for (const one of document.querySelectorAll(".card")) again(one);
  else waiting.clear();
  show();
  byId("main").focus({ preventScroll: true });
}

/** Sees anew what is on the screen when the shopper agrees. */
function again(element) {
  if (!shownOn.has(element)) return;
  observer.unobserve(element);
  observer.observe(element);
}

/** The question where it was not answered, and the way to change the answer. */
function show() {
  byId("consent").hidden = !wanted || answer() !== "";
  byId("consentChange").hidden = !wanted || answer() === "";
  byId("consentChange").textContent = t(agreed() ? "consent_on" : "consent_off");
}

/** Begins, where the shop wants feedback. */
export function offer(on) {
  wanted = on;
  byId("consentButtons").replaceChildren(...["yes", "no"].map((word) => el("button", { type: "button", class: "plain", onclick: () => choose(word) }, t(`consent_${word}`))));
  byId("consentChange").addEventListener("click", () => {
    byId("consent").hidden = false;
    byId("consent").dataset.wished = "";
    byId("consentButtons").firstElementChild.focus();
  });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") send(); });
  show();
}
