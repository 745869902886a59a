// Words to products: without a photo a page of its own; beside one, chips above its rows.

import { get } from "./api.js";
import { attempt } from "./asking.js";
import { card } from "./cards.js";
import { byId, el, icon, nameOf, say } from "./dom.js";
import { listOf } from "./feedback.js";
import { ordered } from "./rows.js";
import { t, word } from "./texts.js";

const PAGE = 24;
const PARAMETERS = { category: "category", color: "colors", brand: "brands" };
const asked = { text: "", off: new Set(), limits: new Map(), matches: [] };

/** What is in the search box. */
export const text = () => byId("words").value.trim();

/** The words and what was taken off of them, as fields of a request beside a photo. */
export function fields() {
  renew();
  return text() ? [["text", text()], ...[...asked.off].map((key) => ["off", key])] : [];
}

/** The same, and what the counts limit, as pairs of the address. */
export function pairs() {
  renew();
  const limits = [...asked.limits].map(([name, values]) => ["only", `${name}:${values.map(([, value]) => value).join("|")}`]);
  return [["q", text()], ...[...asked.off].map((key) => ["off", key]), ...limits];
}

/** Sets them to those of an address. */
export function fill(params) {
  byId("words").value = params.get("q") ?? "";
  const limits = params.getAll("only").map((only) => only.split(/:(.*)/s)).filter(([name]) => name === "price" || PARAMETERS[name]);
  Object.assign(asked, { text: text(), off: new Set(params.getAll("off")), limits: new Map(limits.map(([name, value]) => [name, limitOf(name, value)])) });
}

const limitOf = (name, value) => (name === "price" ? ["min_price", "max_price"].map((side, index) => [side, value.split("|")[index]]) : [[PARAMETERS[name], value]]);

/** Begins anew where the words are others: what was taken off spoke of the old ones. */
function renew() {
  if (text() === asked.text) return;
  Object.assign(asked, { text: text(), off: new Set(), limits: new Map() });
}

/** Shows what words were taken for; each part can be taken off, and taken back. */
export function showChips(place, understood, changed) {
  const off = [...asked.off].map((key) => chip(shown(part(key)), "chip_off", () => asked.off.delete(key), changed));
  const on = understood.map((one) => chip(shown(one), "chip_on", () => asked.off.add(one.key), changed, true));
  byId(place).replaceChildren(...on, ...off);
}

/** What a key of a part tells of it. */
function part(key) {
  const [kind, value] = key.split(/:(.*)/s);
  return { kind, value, shown: value };
}

const NAMED = {
  category: (value) => nameOf(value),
  max_price: (price) => t("up_to", { price }),
  min_price: (price) => t("at_least", { price }),
  not: (value) => t("not_word", { word: word(value) }),
  gender: (value) => t(`for_${value}`),
  age: (value) => t(`for_${value}`),
  occasion: (value) => t(`for_${value}`),
  size: (size) => t("in_size", { size: size.toUpperCase() }),
  price: () => t("cheap_first"),
  no_price: (words) => t("no_price", { words }),
  no_size: (words) => t("no_size", { words }),
};

/** A part as the reader says it. */
function shown({ kind, value, words, shown: told }) {
  if (kind === "spelling" && words) return t("spelled", { word: told.replace(` for ${words}`, ""), words });
  return NAMED[kind]?.(value) ?? word(told);
}

function chip(name, does, act, changed, on = false) {
  const onclick = () => { act(); changed(); };
  return el("button", { type: "button", class: "chip", aria: { pressed: String(on), label: `${name}: ${t(does)}` }, onclick }, name, on ? icon("x") : "");
}

/** Searches for the words alone and shows what was found; `changed` hears what is chosen there. */
export async function search(changed, order) {
  renew();
  asked.matches = [];
  const answer = await page();
  if (!answer) return;
  byId("foundTitle").textContent = answer.total ? asked.text || t("everything") : t("nothing_for", { words: asked.text });
  showChips("understood", answer.understood, changed);
  byId("facets").replaceChildren(...facets(answer.facets, changed));
  add(answer, order);
  say(t("found", { n: answer.total }));
}

/** The next page of what was found; none where something else was asked for meanwhile. */
async function page() {
  const { matches } = asked;
  const query = new URLSearchParams({ q: asked.text, k: PAGE, offset: asked.matches.length });
  for (const key of asked.off) query.append("off", key);
  for (const pairs of asked.limits.values()) for (const [name, value] of pairs) query.append(name, value);
  const answer = await get(`/v1/search?${query}`);
  return asked.matches === matches ? answer : null;
}

function add(answer, order) {
  asked.matches.push(...answer.matches);
  const list = listOf(asked.matches, { source: "words" });
  byId("hits").replaceChildren(...ordered(asked.matches, order).map((match, index) => card(match, { near: false, told: { list, place: index + 1 } })));
  byId("moreHits").hidden = asked.matches.length >= answer.total || !answer.matches.length;
}

/** Groups of counts; each limits what is shown to itself, and lets go again. */
function facets(found, changed) {
  const groups = Object.keys(PARAMETERS).map((name) =>
    [name, found[name].map(({ value, count }) => [name === "category" ? nameOf(value) : word(value), count, limitOf(name, value)])]);
  groups.push(["price", found.price.map(({ min, max, count }) => [t("from_to", { from: min, to: max }), count, limitOf("price", `${min}|${max}`)])]);
  return groups.filter(([name, values]) => values.length > 1 || asked.limits.has(name))
    .map(([name, values]) => el("div", { class: "chips", role: "group", aria: { label: t("by", { what: t(`by_${name}`) }) } }, values.map((value) => facet(name, value, changed))));
}

function facet(name, [label, count, pairs], changed) {
  const chosen = String(asked.limits.get(name)) === String(pairs);
  const onclick = () => {
    if (chosen) asked.limits.delete(name);
    else asked.limits.set(name, pairs);
    changed();
  };
  return el("button", { type: "button", class: "chip", aria: { pressed: String(chosen) }, onclick }, label, el("span", { class: "quiet" }, String(count)));
}

/** Calls `changed` when words are sent, and shows more of what was found. */
export function listen(changed, order) {
  byId("wordForm").addEventListener("submit", (event) => {
    event.preventDefault();
    changed();
  });
  byId("moreHits").addEventListener("click", () => attempt(async () => {
    const answer = await page();
    if (answer) add(answer, order());
  }));
}
