// Words to products: without a photo a page of its own; beside one, chips above its rows.

import { get, picture } from "./api.js";
import { attempt } from "./asking.js";
import { byId, el, icon, nameOf, say } from "./dom.js";
import { linked } from "./rows.js";

const PAGE = 24;
const asked = { text: "", off: new Set(), limits: new Map(), shown: 0 };

/** What is in the search box. */
export const text = () => byId("words").value.trim();

/** The words and what was taken off of them, as fields of a request beside a photo. */
export function fields() {
  renew();
  return text() ? [["text", text()], ...[...asked.off].map((key) => ["off", key])] : [];
}

/** Begins anew where the words are others: what was taken off spoke of the old ones. */
function renew() {
  if (text() === asked.text) return;
  Object.assign(asked, { text: text(), off: new Set(), limits: new Map() });
}

/** Shows what words were taken for; each part can be taken off, and taken back. */
export function showChips(place, understood, changed) {
  const off = [...asked.off].map((key) => chip(key.slice(key.indexOf(":") + 1), "not used; use it again", () => asked.off.delete(key), changed));
  const on = understood.map(({ key, shown }) => chip(shown, "take it off", () => asked.off.add(key), changed, true));
  byId(place).replaceChildren(...on, ...off);
}

function chip(shown, does, act, changed, on = false) {
  const onclick = () => { act(); changed(); };
  return el("button", { type: "button", class: "chip", aria: { pressed: String(on), label: `${shown}: ${does}` }, onclick }, shown, on ? icon("x") : "");
}

/** Searches for the words alone and shows what was found. */
export async function search() {
  renew();
  asked.shown = 0;
  const answer = await page();
  byId("foundTitle").textContent = answer.total ? `${asked.text || "Everything"}` : `Nothing found for “${asked.text}”`;
  showChips("understood", answer.understood, again);
  byId("facets").replaceChildren(...facets(answer.facets));
  byId("hits").replaceChildren();
  add(answer);
  say(answer.message ?? `${answer.total} products found.`);
}

const again = () => attempt(search);

async function page() {
  const fields = new URLSearchParams({ q: asked.text, k: PAGE, offset: asked.shown });
  for (const key of asked.off) fields.append("off", key);
  for (const pairs of asked.limits.values()) for (const [name, value] of pairs) fields.append(name, value);
  return get(`/v1/search?${fields}`);
}

function add(answer) {
  byId("hits").append(...answer.matches.map(hit));
  asked.shown += answer.matches.length;
  byId("moreHits").hidden = asked.shown >= answer.total || !answer.matches.length;
}

function hit({ product, reasons }) {
  const image = el("img", { alt: "", loading: "lazy", width: 168, height: 210 });
  picture(image, product.id);
  return el("li", { class: "card" }, el("div", { class: "see" }, image),
    el("h3", {}, linked(product, product.title || product.id)),
    el("p", { class: "price" }, product.sale_price ?? product.price ?? "", product.brand ? el("span", { class: "quiet" }, product.brand) : null),
    el("ul", { class: "reasons" }, reasons.slice(0, 3).map((reason) => el("li", {}, reason))));
}

const PARAMETERS = { category: "category", color: "colors", brand: "brands" };

/** Groups of counts; each limits what is shown to itself, and lets go again. */
function facets(found) {
  const groups = Object.entries(PARAMETERS).map(([name, parameter]) =>
    [name, found[name].map(({ value, count }) => [name === "category" ? nameOf(value) : value, count, [[parameter, value]]])]);
  groups.push(["price", found.price.map(({ min, max, count }) => [`${min} to ${max}`, count, [["min_price", min], ["max_price", max]]])]);
  return groups.filter(([name, values]) => values.length > 1 || asked.limits.has(name))
    .map(([name, values]) => el("div", { class: "chips", role: "group", aria: { label: `By ${name}` } }, values.map((value) => facet(name, value))));
}

function facet(name, [shown, count, pairs]) {
  const chosen = String(asked.limits.get(name)) === String(pairs);
  const onclick = () => {
    if (chosen) asked.limits.delete(name);
    else asked.limits.set(name, pairs);
    again();
  };
  return el("button", { type: "button", class: "chip", aria: { pressed: String(chosen) }, onclick }, shown, el("span", { class: "quiet" }, String(count)));
}

/** Calls `changed` when words are sent, and shows more of what was found. */
export function listen(changed) {
  byId("wordForm").addEventListener("submit", (event) => {
    event.preventDefault();
    changed();
  });
  byId("moreHits").addEventListener("click", () => attempt(async () => add(await page())));
}
