// Products that the shopper saved: in this browser alone.

import { picture } from "./api.js";
import { ofProduct } from "./address.js";
import { byId, el, icon, safeLink } from "./dom.js";
import { money, t } from "./texts.js";

const STORED = "thatlook-saved";
const KEPT = ["id", "title", "price", "sale_price", "link", "brand"];

function all() {
  try {
    const found = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    return Array.isArray(found) ? found.filter((one) => typeof one?.id === "string") : [];
  } catch (error) {
    if (error instanceof SyntaxError) return []; // somebody else's text
    throw error;
  }
}

function keep(products) {
  localStorage.setItem(STORED, JSON.stringify(products));
  showCount();
}

const isSaved = (id) => all().some((one) => one.id === id);

function toggle(product) {
  const others = all().filter((one) => one.id !== product.id);
  const kept = Object.fromEntries(KEPT.map((name) => [name, product[name] ?? ""]));
  keep(isSaved(product.id) ? others : [...others, kept]);
}

/** A button that saves a product, or lets it go. */
export function button(product) {
  const made = el("button", {
    type: "button", class: "round keep", title: t("save"), data: { saves: product.id, tells: "accepted" },
    aria: { label: t("save_product", { title: product.title || product.id }), pressed: String(isSaved(product.id)) },
    onclick: () => toggle(product),
  }, icon("save"));
  return made;
}

let looks = 0;

/** Counts so many saved looks beside the products. */
export function countLooks(many) {
  looks = many;
  showCount();
}

function showCount() {
  const products = all();
  const many = products.length + looks;
  byId("savedCount").textContent = String(many);
  byId("savedCount").hidden = !many;
  byId("savedNone").hidden = many > 0;
  const ids = new Set(products.map((one) => one.id));
  for (const one of document.querySelectorAll("[data-saves]")) one.setAttribute("aria-pressed", String(ids.has(one.dataset.saves)));
}

function list() {
  const products = all();
  byId("savedOnes").hidden = !products.length;
  byId("savedList").replaceChildren(...products.map((product) => {
    const image = el("img", { alt: "", width: 64, height: 80 });
    picture(image, product.id, "small");
    const shop = safeLink(product.link);
    return el("li", {}, image, el("div", {},
      el("a", { href: ofProduct(product.id) }, product.title || product.id),
      el("p", { class: "quiet" }, money(product.sale_price || product.price)),
      shop ? el("a", { class: "shop", href: shop, target: "_blank", rel: "noopener noreferrer" }, t("view_in_shop")) : null),
    el("button", { type: "button", class: "round", aria: { label: `${t("remove")}: ${product.title || product.id}` }, onclick: () => { toggle(product); list(); } }, icon("x")));
  }));
}

/** Makes the button and its dialog work; `listLooks(close)` lists the looks in it. */
export function listen(listLooks) {
  const dialog = byId("savedProducts");
  byId("saved").addEventListener("click", () => { list(); listLooks(() => dialog.close()); dialog.showModal(); });
  addEventListener("storage", showCount);
  showCount();
}
