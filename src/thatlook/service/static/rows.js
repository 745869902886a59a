// One section per article: its crop, and a row of products.

import { picture } from "./api.js";
import { byId, CATEGORIES, describe, el, icon, nameOf, safeLink, takenFor } from "./dom.js";

/** Draws the crop of a box of the photo into a canvas, no side longer than `side`. */
export function drawCrop(canvas, photo, box, look, side) {
  if (!photo.naturalWidth) return; // a photo by its address that may not be shown here
  const [x0, y0, x1, y1] = box;
  const scale = photo.naturalWidth / look.width;
  const [width, height] = [(x1 - x0) * scale, (y1 - y0) * scale];
  const fit = Math.min(1, side / Math.max(width, height));
  canvas.width = Math.max(1, Math.round(width * fit));
  canvas.height = Math.max(1, Math.round(height * fit));
  canvas.getContext("2d").drawImage(photo, x0 * scale, y0 * scale, width, height, 0, 0, canvas.width, canvas.height);
}

/** The section of a row; `act` has what its buttons do. */
export function section(row, look, colors, act) {
  const { article } = row;
  const crop = el("canvas", { class: "crop", role: "img", aria: { label: `Number ${row.number} in the photo` } });
  drawCrop(crop, byId("photo"), article.box, look, 240);
  const words = describe(article);
  const head = el("div", { class: "head" }, crop, el("div", {},
    el("h2", { tabIndex: -1, id: `row-${row.number}` }, el("b", { class: "number" }, String(row.number)), nameOf(article.category)),
    el("p", { class: "quiet" }, row.custom ? "in your box" : "", row.custom && words ? ": " : "", words),
    el("p", { class: "quiet passed" }, counted(row, act)),
    corrections(row, act),
    el("div", { class: "acts" },
      el("button", { type: "button", class: "tool", onclick: () => act.adjust(row) }, icon("move"), "Adjust the box"),
      inColor(row, colors, act),
      row.custom ? el("button", { type: "button", class: "tool", onclick: () => act.drop(row) }, icon("x"), "Remove") : null,
    )));
  const made = el("section", { class: `row c-${article.category}`, aria: { labelledby: `row-${row.number}` } }, head, taste(row, act), matches(row, act));
  row.section = made;
  return made;
}

function counted(row, act) {
  const { passed, matches: found, searched } = row.recommendation;
  if (!passed || !found.length || searched?.neighbours) return "";
  if (found.length >= passed) return found.length === 1 ? "The only one that fits" : `All ${passed} that fit`;
  const nearest = act.nearestOnly() && !row.liked.size && !row.disliked.size;
  return nearest ? `The ${found.length} closest of ${passed}` : `${found.length} of the closest, of ${passed}`;
}

/** What the piece may be instead: what it is often taken for by a click each, the rest in a list. */
function corrections(row, act) {
  const own = row.article.category;
  const near = takenFor(own);
  const others = CATEGORIES.filter((name) => name !== own && !near.includes(name));
  const choice = el("select", { aria: { label: `${nameOf(own)}: it is something else` }, onchange: (event) => act.correct(row, event.target.value) },
    el("option", { value: "" }, near.length ? "something else…" : "It is…"), ...others.map((name) => el("option", { value: name }, nameOf(name))));
  return el("p", { class: "is-it" }, "Wrong piece?",
    ...near.map((name) => el("button", { type: "button", class: "link", onclick: () => act.correct(row, name) }, nameOf(name))), choice);
}

function inColor(row, colors, act) {
  const options = [el("option", { value: "" }, "Any color"), ...Object.keys(colors).map((name) => el("option", { value: name }, `in ${name}`))];
  const choice = el("select", { aria: { label: `${nameOf(row.article.category)}: this, but in another color` }, onchange: (event) => act.recolor(row, event.target.value) }, ...options);
  choice.value = row.inColor ?? "";
  return choice;
}

function taste(row, act) {
  const count = row.liked.size + row.disliked.size;
  if (!count) return null;
  const parts = [];
  if (row.liked.size) parts.push(`more like ${row.liked.size} you liked`);
  if (row.disliked.size) parts.push(`less like ${row.disliked.size} you did not`);
  return el("p", { class: "taste" }, `Showing ${parts.join(", ")}. `,
    el("button", { type: "button", class: "link", onclick: () => act.forget(row) }, "Start over"));
}

function matches(row, act) {
  const found = row.recommendation.matches;
  if (!found.length) return el("p", { class: "nothing" }, ...nothing(row, act));
  return el("div", {}, aside(row, act),
    el("ol", { class: "cards", tabIndex: 0, aria: { label: `Products for ${nameOf(row.article.category)}` } }, ...found.map((match) => card(match, row, act))));
}

/** What there is to say of products that are not what is worn: that other pieces were searched too. */
function aside(row, act) {
  const { searched, best_score: best } = row.recommendation;
  const neighbours = (searched?.neighbours ?? []).map(nameOf).join(", ").toLowerCase();
  if (!neighbours) return null;
  const words = best === null ? [...nothing(row, act), ` The nearest are of another kind: ${neighbours}.`]
    : [`No ${nameOf(row.article.category).toLowerCase()} here is really similar. Also searched: ${neighbours}.`];
  return el("p", { class: "aside" }, ...words);
}

/** Why there is nothing of a row's category, with a way out where there is one. */
function nothing(row, act) {
  const { passed } = row.recommendation;
  if (passed) return [`Nothing found: none of ${passed} products is close enough.`];
  const piece = nameOf(row.article.category).toLowerCase();
  const way = (words, button, onclick) => [words, " ", el("button", { type: "button", class: "link", onclick }, button)];
  if (act.filtered()) return way(`Nothing found: no ${piece} passes your filters.`, "Clear the filters", act.clear);
  if (row.inColor) return way(`Nothing found: no ${piece} in ${row.inColor}.`, "Any color", () => act.recolor(row, ""));
  if (!act.forEveryone()) return way(`Nothing found: this shop has no ${piece} for whom you look.`, "Look in all departments", act.everyone);
  return [`Nothing found: this shop has no ${piece}.`];
}

function card(match, row, act) {
  const { product, nearness = "" } = match;
  const title = product.title || product.id;
  const image = el("img", { alt: "", loading: "lazy", width: 168, height: 210 });
  picture(image, product.id);
  const look = el("button", { type: "button", class: "see", aria: { label: `Compare ${title} with the photo` }, onclick: () => act.compare(row, match) }, image);
  const liked = row.liked.has(product.id);
  return el("li", { class: "card" }, look,
    el("p", { class: "near", data: { near: nearness } }, nearness),
    el("h3", {}, linked(product, title)),
    el("p", { class: "price" }, ...price(product), product.brand ? el("span", { class: "quiet" }, product.brand) : null, gone(product) ? el("span", { class: "quiet" }, "Out of stock") : null),
    reasons(match.reasons, 3), variants(match.variants ?? []),
    el("div", { class: "acts" },
      el("button", { type: "button", class: "round", title: "More like this", aria: { pressed: String(liked), label: `More like ${title}` }, onclick: () => act.like(row, product.id) }, icon("heart")),
      el("button", { type: "button", class: "round", title: "Not this", aria: { label: `Not ${title}` }, onclick: () => act.dislike(row, product.id) }, icon("x"))));
}

/** The title as a link to the shop where there is one. */
export function linked(product, text) {
  const address = safeLink(product.link);
  return address ? el("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, text) : text;
}

/** The price, the old one struck out beside a sale. */
export function price(product) {
  if (product.sale_price) return [el("b", {}, product.sale_price), " ", product.price ? el("s", {}, product.price) : ""];
  return product.price ? [el("b", {}, product.price)] : [];
}

/** Whether the feed says that it cannot be bought; only a shop that wants it gets such products at all. */
function gone(product) {
  return /(out_?of_?stock|sold_?out|discontinued)$/i.test(product.availability ?? "");
}

/** Why it matches, as a list. A card shows the first few in words; beside the crop there is room for the numbers too. */
export function reasons(words, max = 0) {
  const shown = max ? words.filter((word) => !word.startsWith("overall likeness")).slice(0, max) : words;
  const items = shown.map((word) => el("li", { class: /^(other|different)/.test(word) ? "differs" : "" }, word));
  return items.length ? el("ul", { class: "reasons" }, ...items) : null;
}

function variants(products) {
  if (!products.length) return null;
  const words = products.length === 1 ? "1 more version" : `${products.length} more versions`;
  return el("details", { class: "variants" }, el("summary", {}, words),
    el("ul", {}, ...products.map((one) => el("li", {}, linked(one, one.color || one.title || one.id)))));
}
