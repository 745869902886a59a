// The page: a photo goes in, rows of products come out.

import * as api from "./api.js";
import { ask, attempt, complain, stop } from "./asking.js";
import * as boxing from "./boxing.js";
import { compare } from "./compare.js";
import { byId, el, nameOf, say } from "./dom.js";
import * as intake from "./intake.js";
import { section } from "./rows.js";
import * as sharing from "./sharing.js";
import { drawJoints, drawMasks, facts, mark, showSpots } from "./stage.js";
import * as request from "./request.js";
import * as words from "./words.js";

const state = { photo: null, name: "", url: "", answer: null, rows: [], colors: {} };
const BRANDS = new Set();

async function question(extra, told) {
  const answer = await ask(state, [["include", "masks"], ...request.fields(), ...words.fields(), ...extra], told);
  for (const { matches } of answer.recommendations) {
    for (const { product } of matches) if (product.brand) BRANDS.add(product.brand);
  }
  request.offerBrands([...BRANDS].sort());
  return answer;
}

// ---- a photo ----

async function take(blob, name) {
  state.url = "";
  state.photo = await intake.prepared(blob);
  state.name = name;
  await begin(URL.createObjectURL(state.photo));
}

async function begin(address) {
  boxing.stop();
  forgetRows();
  const image = byId("photo");
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  image.src = address;
  image.alt = `The photo: ${state.name}`;
  const shown = await image.decode().then(() => true, () => false);
  if (shown) {
    show("work");
    byId("facts").textContent = "Looking at the photo…";
    byId("rows").replaceChildren(...[0, 1].map(() => el("div", { class: "row waiting" })));
  }
  await attempt(recommendAll);
  if (!state.answer) show("start");
  else unseen(shown);
}

/** Keeps the photo's place where it may not be shown: by its address, from where that is refused. */
function unseen(shown) {
  const { look } = state.answer;
  byId("frame").classList.toggle("unseen", !shown);
  byId("frame").style.aspectRatio = shown ? "" : `${look.width} / ${look.height}`;
}

function forgetRows() {
  state.answer = null;
  state.rows = [];
  byId("spots").replaceChildren();
  for (const [button, layer] of [["showMasks", "masks"], ["showJoints", "joints"]]) {
    byId(button).setAttribute("aria-pressed", "false");
    byId(layer).setAttribute("hidden", "");
  }
}

function show(part) {
  byId("start").hidden = part !== "start";
  byId("work").hidden = part !== "work";
  byId("found").hidden = part !== "found";
  byId("again").hidden = part === "start";
  document.body.classList.toggle("working", part === "work");
}

async function recommendAll() {
  const before = state.rows;
  const answer = await question(before.flatMap(correction), "Looking at the photo and for products.");
  state.answer = answer;
  show("work");
  words.showChips("told", answer.understood ?? [], () => attempt(recommendAll));
  state.rows = answer.recommendations.map((found) => {
    const old = before.find((row) => !row.custom && row.index === found.article);
    return newRow(answer.look.articles[found.article], found, { index: found.article, ...taste(old) });
  });
  state.rows.push(...before.filter((row) => row.custom));
  render();
  drawJoints(answer.look);
  await drawMasks(answer.look);
  for (const row of state.rows) if (row.custom || row.liked.size || row.disliked.size || row.inColor) await refresh(row, false);
}

const taste = (row) => (row ? { liked: row.liked, disliked: row.disliked, inColor: row.inColor, correct: row.correct } : {});
const correction = (row) => (row.correct ? [["corrections", `${row.index}=${row.correct}`]] : []);

function newRow(article, recommendation, more) {
  return { article, recommendation, custom: false, liked: new Set(), disliked: new Set(), inColor: "", correct: "", ...more };
}

function requestOf(row) {
  const found = row.custom
    ? [["box", row.article.box.join(",")], ["box_category", row.article.category]]
    : [["categories", row.correct || row.article.category], ...correction(row)];
  for (const id of row.liked) found.push(["liked", id]);
  for (const id of row.disliked) found.push(["disliked", id]);
  if (row.inColor) found.push(["in_color", row.inColor]);
  return found;
}

async function refresh(row, focus = true) {
  const answer = await question(requestOf(row), `Looking again for ${nameOf(row.article.category)}.`);
  row.article = answer.look.articles[row.custom ? 0 : row.index];
  const found = answer.recommendations.find((one) => row.custom || one.article === row.index);
  row.recommendation = found ?? { matches: [], passed: 0, role: "secondary" };
  render(focus ? row : null);
}

// ---- showing ----

function render(focused) {
  const { look, accepted, reason } = state.answer;
  state.rows.forEach((row, index) => { row.number = index + 1; });
  showSpots(look, state.rows, pick);
  byId("facts").textContent = facts(look);
  const empty = emptyWords(accepted, reason);
  byId("rows").replaceChildren(...(empty ? [el("p", { class: "nothing" }, empty)] : []), ...state.rows.map((row) => section(row, look, state.colors, acts)));
  const found = state.rows.reduce((sum, row) => sum + row.recommendation.matches.length, 0);
  say(`${state.rows.length} pieces, ${found} products.`);
  if (focused) pick(focused);
}

function emptyWords(accepted, reason) {
  if (!accepted) return `This photo was not taken: ${reason}. Clear the filter for full-length photos to use it anyway.`;
  if (state.rows.length) return "";
  return "Nothing to wear was found in this photo. Draw a box around a piece to look for it, or try a photo where the clothes are easier to see.";
}

function pick(row) {
  mark(state.rows, row);
  for (const one of state.rows) one.section.classList.toggle("chosen", one === row);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  row.section.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "nearest" });
  byId(`row-${row.number}`).focus({ preventScroll: true });
}

const acts = {
  adjust: (row) => boxing.edit(state.answer.look, row.article.box, row.article.category, (box, category) => {
    Object.assign(row, { custom: true, article: { ...row.article, box, category, attributes: {} } });
    attempt(() => refresh(row));
  }),
  drop: (row) => { state.rows = state.rows.filter((one) => one !== row); render(); },
  recolor: (row, color) => { row.inColor = color; attempt(() => refresh(row)); },
  correct: (row, category) => {
    if (row.custom) row.article = { ...row.article, category };
    else row.correct = category;
    attempt(() => refresh(row));
  },
  forget: (row) => { row.liked.clear(); row.disliked.clear(); attempt(() => refresh(row)); },
  clear: () => request.clear(),
  filtered: request.filtering,
  forEveryone: request.forEveryone,
  everyone: request.chooseEveryone,
  nearestOnly: request.nearestOnly,
  like: (row, id) => { if (!row.liked.delete(id)) row.liked.add(id); attempt(() => refresh(row)); },
  dislike: (row, id) => { row.liked.delete(id); row.disliked.add(id); attempt(() => refresh(row)); },
  compare: (row, match) => compare(row, match, state.answer.look),
};

function drawNew() {
  boxing.edit(state.answer.look, null, null, (box, category) => {
    const article = { category, box, score: 1, attributes: {} };
    const row = newRow(article, { matches: [], passed: 0, role: "secondary" }, { custom: true });
    state.rows.push(row);
    attempt(() => refresh(row));
  });
}

function toggle(button, layer) {
  byId(button).addEventListener("click", () => {
    const on = byId(layer).hasAttribute("hidden"); // a drawing has no property for it
    byId(layer).toggleAttribute("hidden", !on);
    byId(button).setAttribute("aria-pressed", String(on));
  });
}

/** Shows what the words find; without words the page stays as it is. */
async function searchWords() {
  if (!words.text()) return;
  await words.search();
  show("found");
}

// ---- starting ----

intake.listen({
  take: (blob, name) => take(blob, name),
  takeUrl: (address) => {
    Object.assign(state, { url: address, photo: null, name: "photo" });
    return begin(address);
  },
  fail: (trouble) => complain(trouble),
});
boxing.listen();
sharing.listen();
words.listen(() => attempt(state.answer ? recommendAll : searchWords));
request.listen(() => { if (state.answer) attempt(recommendAll); });
toggle("showMasks", "masks");
toggle("showJoints", "joints");
byId("draw").addEventListener("click", drawNew);
byId("share").addEventListener("click", () => sharing.open(state.name, request.fields(), state.answer));
byId("again").addEventListener("click", () => { stop(); boxing.stop(); forgetRows(); show("start"); byId("choose").focus(); });
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}

attempt(async () => {
  const found = await api.info();
  state.colors = found.colors;
  request.offerColors(found.colors);
  byId("byUrl").hidden = !found.photo_url;
  byId("count").textContent = found.products ? `${found.products.toLocaleString("en")} products` : "The catalog is empty";
  document.body.dataset.ready = "yes";
});
