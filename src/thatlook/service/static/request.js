// The filters, as fields of a request.

import { byId, CATEGORIES, el, nameOf } from "./dom.js";

/** Fills the pills and calls `changed` when a filter does. */
export function listen(changed) {
  const form = byId("request");
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      showCount();
      if (form.reportValidity()) changed();
    }, 450);
  };
  form.addEventListener("change", later);
  form.addEventListener("reset", later);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    later();
  });
  byId("categories").append(...CATEGORIES.map((name) => pill("categories", name, nameOf(name))));
}

/** Shows the colors that products may be filtered by. */
export function offerColors(colors) {
  const pills = Object.entries(colors).map(([name, color]) => {
    const swatch = el("i", { class: "swatch" });
    swatch.style.background = color;
    return pill("colors", name, swatch, name);
  });
  byId("colors").replaceChildren(...pills);
}

/** Offers the brands that were seen. */
export function offerBrands(names) {
  byId("brandlist").replaceChildren(...names.map((name) => el("option", { value: name })));
}

/** Empties every filter, and keeps whom it is for. */
export function clear() {
  const { gender, age } = Object.fromEntries(new FormData(byId("request")));
  byId("request").reset();
  byId("request").elements.gender.value = gender;
  byId("request").elements.age.value = age;
}

function pill(name, value, ...content) {
  return el("label", { class: "pill" }, el("input", { type: "checkbox", name, value }), el("span", {}, ...content));
}

/** The fields that differ from their default, as [name, value] pairs. */
export function fields() {
  const form = byId("request");
  const defaults = { gender: "auto", age: "auto", k: "10", diversity: "0.2" };
  const found = [];
  for (const [name, value] of new FormData(form)) {
    const texts = name === "brands" ? value.split(",").map((text) => text.trim()) : [value];
    for (const text of texts) if (text && defaults[name] !== text) found.push(name === "prefer" ? ["boosts", `brand=${text.trim()}:${PREFERRED}`] : [name, text]);
  }
  return found;
}

/** Whether a filter keeps products away. */
export const filtering = () => fields().some(([name]) => FILTERS.has(name));

/** Whether every product may be shown, whomever it is for; and asking for that. */
export const forEveryone = () => ["gender", "age"].every((name) => byId("request").elements[name].value === "any");
export function chooseEveryone() {
  for (const name of ["gender", "age"]) byId("request").elements[name].value = "any";
  byId("request").dispatchEvent(new Event("change"));
}

/** Whether the products shown are simply the nearest: no variety is asked for and no brand preferred. */
export const nearestOnly = () => byId("request").elements.diversity.value === "0" && !byId("request").elements.prefer.value.trim();

const PREFERRED = 0.05; // added to the likeness of a preferred brand: enough among equals
const FILTERS = new Set(["min_price", "max_price", "brands", "colors", "availability"]);

function showCount() {
  const count = fields().filter(([name]) => name !== "gender" && name !== "age").length;
  byId("active").textContent = String(count);
  byId("active").hidden = !count;
}
