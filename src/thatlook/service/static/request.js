// The filters, as fields of a request and as the address has them. Only those are shown for which
// the shop has data.

import { byId, CATEGORIES, debounced, el, nameOf } from "./dom.js";
import { LANGUAGE } from "./catalogue.js";
import { t, word } from "./texts.js";

const DEFAULTS = { gender: "auto", age: "auto", k: "10", diversity: "0.2" };
const PREFERRED = 0.05; // added to the likeness of a preferred brand: enough among equals
const FILTERS = new Set(["min_price", "max_price", "brands", "colors", "availability"]);
const WHOM = new Set(["gender", "age"]);
const NAMES = new Set(["gender", "age", "min_price", "max_price", "brands", "colors", "categories", "diversity", "k", "prefer", "policy", "availability"]);

const TOP_BRANDS = 8;

let later = null; // asks again soon after a filter changed
let known = { brands: [], whole: false };
let shop = { color: new Map(), brand: new Map() }; // how many products the whole shop has of each

const form = () => byId("request");

/** Fills the pills and calls `changed` when a filter does. */
export function listen(changed) {
  later = debounced(() => {
    showCount();
    if (check()) changed();
  });
  form().addEventListener("change", later);
  byId("clear").addEventListener("click", later); // a reset by `fill` is no wish of the shopper
  for (const one of form().elements) if (!form().contains(one)) one.addEventListener("change", later); // in the developer panel
  form().addEventListener("submit", (event) => {
    event.preventDefault();
    later();
  });
  byId("categories").append(...CATEGORIES.map((name) => pill("categories", name, nameOf(name))));
  byId("showResults").addEventListener("click", () => { byId("filters").open = false; });
  form().addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !byId("filters").open) return;
    byId("filters").open = false;
    byId("filters").querySelector("summary").focus();
  });
}

/** Shows the filters for which the shop has products, with its brands, colors, prices and currency. */
export function offer({ colors, categories, offered }) {
  const sold = offered.colors.map(({ value }) => value.toLowerCase());
  const named = Object.entries(colors).filter(([name]) => sold.some((color) => color.includes(name)));
  byId("colors").replaceChildren(...named.map(([name, color]) => {
    const swatch = el("i", { class: "swatch" });
    swatch.style.background = color;
    return pill("colors", name, swatch, word(name), " ", el("small", { class: "quiet" }));
  }));
  shop = { color: countedBy(offered.colors), brand: countedBy(offered.brands) };
  known = { brands: offered.brands.map(({ value }) => value), whole: offered.all_brands };
  byId("brandlist").replaceChildren(...known.brands.map((name) => el("option", { value: name })));
  for (const one of byId("categories").querySelectorAll("input")) one.parentElement.hidden = !categories[one.value];
  const [main] = offered.prices;
  shownWhere("ofPrice", Boolean(main));
  shownWhere("ofBrand", known.brands.length > 1);
  shownWhere("ofPreferred", known.brands.length > 1);
  shownWhere("ofColor", named.length > 1);
  shownWhere("ofStock", offered.availability.length > 1);
  shownWhere("ofDepartment", offered.genders.length > 1);
  shownWhere("ofAge", offered.age_groups.some(({ value }) => value !== "adult"));
  if (main) priced(main);
  count([]);
}

const countedBy = (values) => new Map(values.map(({ value, count: n }) => [value.toLowerCase(), n]));

/** Shows beside colors and brands how many of the products found have them; of all, where none were. */
export function count(products) {
  const of = products.length ? { color: tally(products, "color"), brand: tally(products, "brand") } : shop;
  for (const one of byId("colors").querySelectorAll("input")) {
    const n = [...of.color].reduce((sum, [color, found]) => sum + (color.includes(one.value) ? found : 0), 0);
    one.parentElement.querySelector("small").textContent = String(n);
  }
  const names = new Map(known.brands.map((name) => [name.toLowerCase(), name]));
  const most = [...of.brand].filter(([name]) => names.has(name)).sort(([, a], [, b]) => b - a).slice(0, TOP_BRANDS);
  byId("topBrands").replaceChildren(...most.map(([name, n]) => brandChip(names.get(name), n)));
}

function tally(products, field) {
  const found = new Map();
  for (const product of products) {
    const value = (product[field] ?? "").toLowerCase();
    if (value) found.set(value, (found.get(value) ?? 0) + 1);
  }
  return found;
}

/** A brand with its count; pressed it is among those asked for. */
function brandChip(name, n) {
  const chosen = brands().some((one) => one.toLowerCase() === name.toLowerCase());
  const onclick = () => {
    const others = brands().filter((one) => one.toLowerCase() !== name.toLowerCase());
    form().elements.brands.value = (chosen ? others : [...others, name]).join(", ");
    form().dispatchEvent(new Event("change"));
  };
  return el("button", { type: "button", class: "chip", aria: { pressed: String(chosen) }, onclick }, name, el("small", { class: "quiet" }, String(n)));
}

function shownWhere(id, there) {
  byId(id).hidden = !there;
}

function priced({ currency, min, max }) {
  byId("currency").textContent = t("price_from", { currency }).replace(" ()", "");
  const shown = (value) => Math.floor(value).toLocaleString(LANGUAGE);
  form().elements.min_price.placeholder = shown(min);
  form().elements.max_price.placeholder = shown(Math.ceil(max));
}

/** Says what is wrong with the filters, if anything; whether nothing is. */
function check() {
  const words = priceTrouble() || brandTrouble();
  byId("filterTrouble").textContent = words;
  byId("filterTrouble").hidden = !words;
  return !words && form().reportValidity();
}

function priceTrouble() {
  const { min_price: low, max_price: high } = form().elements;
  return low.value && high.value && Number(low.value) > Number(high.value) ? t("price_wrong") : "";
}

function brandTrouble() {
  if (!known.whole) return "";
  const sold = new Map(known.brands.map((name) => [name.toLowerCase(), name]));
  const wrong = brands().find((name) => !sold.has(name.toLowerCase()));
  if (!wrong) return "";
  const near = nearest(wrong.toLowerCase(), [...sold.keys()]);
  return [t("brand_unknown", { brand: wrong }), near ? t("brand_near", { near: sold.get(near) }) : ""].join(" ");
}

const brands = () => form().elements.brands.value.split(",").map((text) => text.trim()).filter(Boolean);

/** The known name that a misspelt one may mean; none where every one differs too much. */
function nearest(name, names) {
  const [best] = names.map((other) => [edits(name, other), other]).sort(([a], [b]) => a - b);
  return best && best[0] <= Math.max(1, name.length / 3) ? best[1] : "";
}

/** How many letters have to be changed, added or left out (Levenshtein 1966). */
function edits(one, other) {
  let row = [...Array(other.length + 1).keys()];
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (one[i - 1] !== other[j - 1])));
    row = next;
  }
  return row[other.length];
}

/** Sets the filters to those of an address. */
export function fill(params) {
  later.cancel(); // the address says what is asked for
  form().reset();
  for (const [name, value] of params) {
    if (!NAMES.has(name)) continue;
    const field = form().elements[name];
    if (field instanceof RadioNodeList || field?.type === "checkbox") choose(name, value);
    else if (field) field.value = value;
  }
  showCount();
}

function choose(name, value) {
  for (const one of form().querySelectorAll(`[name="${name}"]`)) if (one.value === value) one.checked = true;
}

/** The filters that differ from their default, as pairs of the address. */
export const pairs = () => [...new FormData(form())].filter(([name, value]) => NAMES.has(name) && value.trim() !== "" && DEFAULTS[name] !== value);

/** The same as fields of a request. */
export function fields() {
  return pairs().flatMap(([name, value]) => {
    if (name === "brands") return brands().map((brand) => [name, brand]);
    return name === "prefer" ? [["boosts", `brand=${value.trim()}:${PREFERRED}`]] : [[name, value]];
  });
}

/** Empties every filter, and keeps whom it is for. */
export function clear() {
  fill(pairs().filter(([name]) => WHOM.has(name)));
  form().dispatchEvent(new Event("change"));
}

function pill(name, value, ...content) {
  return el("label", { class: "pill" }, el("input", { type: "checkbox", name, value }), el("span", {}, ...content));
}

/** Whether a filter keeps products away. */
export const filtering = () => fields().some(([name]) => FILTERS.has(name));

/** Whether every product may be shown, whomever it is for; and asking for that. */
export const forEveryone = () => [...WHOM].every((name) => form().elements[name].value === "any");
export function chooseEveryone() {
  for (const name of WHOM) choose(name, "any");
  form().dispatchEvent(new Event("change"));
}

function showCount() {
  const count = pairs().filter(([name]) => !WHOM.has(name)).length;
  byId("active").textContent = String(count);
  byId("active").hidden = !count;
}
