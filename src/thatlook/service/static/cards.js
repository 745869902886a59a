// A product as it is shown: everywhere the same card.

import { ofProduct } from "./address.js";
import { picture } from "./api.js";
import { el, icon, safeLink } from "./dom.js";
import * as feedback from "./feedback.js";
import * as saved from "./saved.js";
import { money, reason, t, word } from "./texts.js";

const NEAR = { "very close": "very close", similar: "similar_near", "same idea": "same idea" };

const CLICK = { tells: "clicked" };

/** What a shopper calls how near a product is. */
export const nearWord = (nearness) => (NEAR[nearness] ? t(NEAR[nearness]) : nearness ?? "");

/**
 * A card; `see` hears a click on the picture, `more` are buttons of where the card stands; `told` is
 * what feedback tells of: its list and its place there.
 */
export function card(match, { see, label, more = [], near = true, told } = {}) {
  const { product, nearness = "" } = match;
  const title = product.title || product.id;
  const made = el("li", { class: "card", data: { id: product.id } }, shown(product, see, label),
    near && nearness ? el("p", { class: "near", data: { near: nearness } }, nearWord(nearness)) : null,
    el("h3", {}, title),
    el("p", { class: "price" }, ...price(product), product.brand ? el("span", { class: "quiet" }, product.brand) : null, gone(product) ? el("span", { class: "quiet" }, t("out_of_stock")) : null),
    reasons(match.reasons ?? [], 3), variants(match.variants ?? []),
    el("div", { class: "acts" }, shopLink(product), ...more, saved.button(product)),
    el("a", { class: "with", href: ofProduct(product.id), aria: { label: t("goes_with_of", { title }) } }, t("goes_with")));
  return told ? feedback.watch(made, told.list, match, told.place) : made;
}

/** The picture: a button where something hears it, else a way to the product's page. */
function shown(product, see, label) {
  const title = product.title || product.id;
  const image = el("img", { alt: see ? "" : title, loading: "lazy", width: 168, height: 210 });
  picture(image, product.id);
  if (!see) return el("a", { class: "see", data: CLICK, href: ofProduct(product.id) }, image);
  return el("button", { type: "button", class: "see", data: CLICK, aria: { label }, onclick: see }, image);
}

/** "View in shop", where the feed has a link. */
export function shopLink(product) {
  const address = safeLink(product.link);
  const label = t("view_in_shop_of", { title: product.title || product.id });
  return address ? el("a", { class: "shop", data: CLICK, href: address, target: "_blank", rel: "noopener noreferrer", aria: { label } }, t("view_in_shop")) : null;
}

/** The price, the old one struck out beside a sale. */
export function price(product) {
  if (product.sale_price) return [el("b", {}, money(product.sale_price)), " ", product.price ? el("s", {}, money(product.price)) : ""];
  return product.price ? [el("b", {}, money(product.price))] : [];
}

/** What is paid, as a number; none where the product has no price. */
export const amount = ({ product }) => Number.parseFloat(product.sale_price || product.price || "");

/** Whether the feed says that it cannot be bought; only a shop that wants it gets such products at all. */
function gone(product) {
  return /(out_?of_?stock|sold_?out|discontinued)$/i.test(product.availability ?? "");
}

/** Why it matches, as a list. A card shows the first few in words; beside the crop there is room for the numbers too. */
export function reasons(words, max = 0) {
  const shown = max ? words.filter((text) => !/likeness/.test(text)).slice(0, max) : words;
  const items = shown.map((text) => el("li", { class: /^other /.test(text) ? "differs" : "" }, reason(text)));
  return items.length ? el("ul", { class: "reasons" }, ...items) : null;
}

function variants(products) {
  if (!products.length) return null;
  return el("details", { class: "variants" }, el("summary", {}, t("versions", { n: products.length })),
    el("ul", {}, ...products.map((one) => el("li", {}, linked(one, word(one.color) || one.title || one.id)))));
}

function linked(product, text) {
  const address = safeLink(product.link);
  return address ? el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, text) : text;
}

/** A list that scrolls, with arrows for a mouse; they are where there is more to see. */
export function reel(list) {
  const arrow = (way, label) => el("button", { type: "button", class: `arrow ${way < 0 ? "back" : "on"}`, tabIndex: -1, aria: { label: t(label) }, onclick: () => list.scrollBy({ left: way * list.clientWidth * 0.8, behavior: calm() ? "auto" : "smooth" }) }, icon("arrow"));
  const [back, on] = [arrow(-1, "earlier"), arrow(1, "later")];
  const update = () => {
    back.hidden = list.scrollLeft < 4;
    on.hidden = list.scrollLeft + list.clientWidth > list.scrollWidth - 4;
  };
  list.addEventListener("scroll", update, { passive: true });
  new ResizeObserver(update).observe(list);
  return el("div", { class: "reel" }, list, back, on);
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Cards under a heading, with `words` before them; `about` says what list they are. */
export function strip(heading, matches, about, words = "") {
  const list = feedback.listOf(matches, about);
  return el("section", { class: "row" }, el("h2", { tabIndex: -1 }, heading), words ? el("p", { class: "quiet" }, words) : null,
    matches.length ? reel(el("ol", { class: "cards", tabIndex: 0, aria: { label: heading } }, ...matches.map((match, index) => card(match, { told: { list, place: index + 1 } })))) : null);
}

