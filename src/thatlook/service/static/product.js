// A product's own page, which a shop can link to: similar, what goes with it, the look in its picture.

import * as api from "./api.js";
import { price, shopLink, strip } from "./cards.js";
import { byId, el, nameOf } from "./dom.js";
import * as saved from "./saved.js";
import { t } from "./texts.js";
import * as together from "./together.js";
import * as ways from "./ways.js";

const SHOWN = 10;

/** Shows the page of a product. */
export async function show(id) {
  const at = `/v1/products/${encodeURIComponent(id)}`;
  const { product, matches } = await api.get(`${at}/similar?k=${SHOWN}`);
  const body = () => JSON.stringify({ product_ids: [product.id], ...Object.fromEntries([["k", 6], together.season()].filter(([, value]) => value)) });
  const look = el("div", {});
  const worn = el("section", { class: "styled" });
  byId("product").replaceChildren(head(product),
    strip(t("similar"), matches, { source: "product", category: product.category, query: product.id }, matches.length ? "" : t("none_near")), together.later(body), worn, look);
  document.title = `${product.title || product.id}: ${t("product_page")}`;
  wornInPicture(at, look);
  ways.show(worn, at);
}

function head(product) {
  const title = product.title || product.id;
  const image = el("img", { alt: title });
  api.picture(image, product.id, "large");
  return el("div", { class: "product-head" }, image, el("div", {},
    el("h1", { tabIndex: -1 }, title), product.brand ? el("p", { class: "quiet" }, product.brand) : null,
    el("p", { class: "price" }, ...price(product)), el("div", { class: "acts" }, shopLink(product), saved.button(product))));
}

/** What is worn in the product's pictures; nothing is said where none shows a whole look. */
async function wornInPicture(at, place) {
  const button = el("button", { type: "button", class: "plain", onclick: async () => {
    button.disabled = true;
    try {
      const { accepted, recommendations } = await api.get(`${at}/look?k=${SHOWN}`);
      const found = accepted ? recommendations.filter((one) => one.matches.length) : [];
      place.replaceChildren(...(found.length ? found.map((one) => strip(nameOf(one.category), one.matches, { source: "photo", category: one.category })) : [el("p", { class: "nothing" }, t("no_look"))]));
    } catch (error) {
      if (!(error instanceof api.Trouble)) throw error;
      button.disabled = false;
      place.append(el("p", { class: "nothing" }, error.message));
    }
  } }, t("worn_in_picture"));
  place.append(button);
}
