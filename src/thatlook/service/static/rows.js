// One section per article: its crop, and a row of products.

import { amount, card, reel } from "./cards.js";
import { byId, CATEGORIES, describe, el, icon, nameOf, takenFor } from "./dom.js";
import * as feedback from "./feedback.js";
import { t, word } from "./texts.js";

const FIRST = 5; // products of a row before "See all" on a wide screen, one line of the grid
const MOST = 50;

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

/** How many products to ask for where all of a row are to be seen. */
export const all = () => String(MOST);

/** The section of a row; `act` has what its buttons do. */
export function section(row, look, colors, act) {
  const { article } = row;
  const crop = el("canvas", { class: "crop", role: "img", aria: { label: t("number_in_photo", { n: row.number }) } });
  drawCrop(crop, byId("photo"), article.box, look, 240);
  const words = describe(article);
  const head = el("div", { class: "head" }, crop, el("div", {},
    el("h2", { tabIndex: -1, id: `row-${row.number}` }, el("b", { class: "number" }, String(row.number)), nameOf(article.category)),
    el("p", { class: "quiet" }, row.custom ? t("in_your_box") : "", row.custom && words ? ": " : "", words),
    el("p", { class: "quiet passed" }, counted(row))));
  const mend = el("div", { class: "mend" }, corrections(row, act),
    el("div", { class: "acts" },
      el("button", { type: "button", class: "tool", onclick: () => act.adjust(row) }, icon("move"), t("adjust")),
      inColor(row, colors, act),
      el("button", { type: "button", class: "tool", onclick: () => act.drop(row) }, icon("x"), t("remove"))));
  const made = el("section", { class: `row c-${article.category}`, aria: { labelledby: `row-${row.number}` } }, head, mend, taste(row, act), matches(row, act));
  row.section = made;
  return made;
}

function counted(row) {
  const { passed, matches: found, searched } = row.recommendation;
  if (!passed || !found.length || searched?.neighbours) return "";
  return t("of_searched", { n: found.length, all: passed });
}

/** What the piece may be instead: what it is often taken for by a click each, the rest in a list. */
function corrections(row, act) {
  const own = row.article.category;
  const near = takenFor(own);
  const others = CATEGORIES.filter((name) => name !== own && !near.includes(name));
  const choice = el("select", { aria: { label: t("is_else", { piece: nameOf(own) }) }, onchange: (event) => act.correct(row, event.target.value) },
    el("option", { value: "" }, t(near.length ? "something_else" : "it_is")), ...others.map((name) => el("option", { value: name }, nameOf(name))));
  return el("p", { class: "is-it" }, t("wrong_piece"),
    ...near.map((name) => el("button", { type: "button", class: "link", onclick: () => act.correct(row, name) }, nameOf(name))), choice);
}

function inColor(row, colors, act) {
  const options = [el("option", { value: "" }, t("any_color")), ...Object.keys(colors).map((name) => el("option", { value: name }, t("in_color", { color: word(name) })))];
  const choice = el("select", { aria: { label: t("other_color_label", { piece: nameOf(row.article.category) }) }, onchange: (event) => act.recolor(row, event.target.value) }, ...options);
  choice.value = row.tweak.inColor;
  return choice;
}

function taste(row, act) {
  const { liked, disliked } = row.tweak;
  const parts = [];
  if (liked.size) parts.push(t("more_like_liked", { n: liked.size }));
  if (disliked.size) parts.push(t("less_like", { n: disliked.size }));
  if (!parts.length) return null;
  return el("p", { class: "taste" }, t("taste", { what: parts.join(", ") }), " ",
    el("button", { type: "button", class: "link", onclick: () => act.forget(row) }, t("start_over")));
}

const ORDERS = { cheapest: (a, b) => amount(a) - amount(b), dearest: (a, b) => amount(b) - amount(a) };

/** Matches in the order that was chosen; those without a price last. */
export function ordered(found, order) {
  if (!ORDERS[order]) return found;
  const priced = found.filter((match) => !Number.isNaN(amount(match)));
  return [...priced.sort(ORDERS[order]), ...found.filter((match) => Number.isNaN(amount(match)))];
}

function matches(row, act) {
  const found = ordered(row.recommendation.matches, act.order());
  const list = feedback.listOf(row.recommendation.matches, { source: "photo", category: row.article.category });
  if (!found.length) return el("p", { class: "nothing" }, ...nothing(row, act));
  return el("div", {}, aside(row, act),
    reel(el("ol", { class: row.tweak.all ? "cards all" : "cards", tabIndex: 0, aria: { label: t("products_for", { piece: nameOf(row.article.category) }) } }, ...found.map((match, index) => rowCard(match, row, act, { list, place: index + 1 })))),
    seeAll(row, act));
}

function seeAll(row, act) {
  const { passed = 0, matches: found } = row.recommendation;
  if (row.tweak.all) return el("button", { type: "button", class: "plain see-all", onclick: () => act.all(row, false) }, t("see_fewer"));
  const n = Math.max(found.length, Math.min(passed, MOST));
  return n > FIRST ? el("button", { type: "button", class: "plain see-all", onclick: () => act.all(row, true) }, t("see_all", { n })) : null;
}

/** What there is to say of products that are not what is worn: that other pieces were searched too. */
function aside(row, act) {
  const { searched, best_score: best } = row.recommendation;
  const neighbours = (searched?.neighbours ?? []).map(nameOf).join(", ");
  if (!neighbours) return null;
  const also = t("also_searched", { pieces: neighbours });
  const words = best === null ? [...nothing(row, act), ` ${also}`] : [`${t("no_close")} ${also}`];
  return el("p", { class: "aside" }, ...words);
}

/** Why there is nothing of a row's category, with a way out where there is one. */
function nothing(row, act) {
  const { passed } = row.recommendation;
  const way = (words, button, onclick) => [words, " ", el("button", { type: "button", class: "link", onclick }, t(button))];
  if (passed) return [t("none_near")];
  if (act.filtered()) return way(t("none_filtered"), "clear_filters", act.clear);
  if (row.tweak.inColor) return way(t("none_in_color", { color: word(row.tweak.inColor) }), "any_color", () => act.recolor(row, ""));
  if (!act.forEveryone()) return way(t("none_department"), "all_departments", act.everyone);
  return [t("none_near")];
}

function rowCard(match, row, act, told) {
  const { product } = match;
  const title = product.title || product.id;
  const liked = row.tweak.liked.has(product.id);
  const more = [
    el("button", { type: "button", class: "round", title: t("more_like"), data: { tells: "accepted" }, aria: { pressed: String(liked), label: t("more_like_of", { title }) }, onclick: () => act.like(row, product.id) }, icon("heart")),
    el("button", { type: "button", class: "round", title: t("not_this"), data: { tells: "dismissed" }, aria: { label: t("not_of", { title }) }, onclick: () => act.dislike(row, product.id) }, icon("x")),
  ];
  return card(match, { see: () => act.compare(row, match, told), label: t("compare_with", { title }), more, told });
}
