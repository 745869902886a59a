// The page: a photo goes in, rows of products come out. What it shows is what its address says.

import * as address from "./address.js";
import * as api from "./api.js";
import { ask, attempt, bodyOf, complain, stop } from "./asking.js";
import * as boxing from "./boxing.js";
import * as comparing from "./compare.js";
import * as developer from "./developer.js";
import { atWork, byId, el, nameOf, say } from "./dom.js";
import * as feedback from "./feedback.js";
import { guessed } from "./guess.js";
import * as intake from "./intake.js";
import * as lookbook from "./lookbook.js";
import * as looks from "./looks.js";
import * as photos from "./photos.js";
import * as product from "./product.js";
import * as request from "./request.js";
import * as rows from "./rows.js";
import * as saved from "./saved.js";
import * as sharing from "./sharing.js";
import { drawJoints, drawMasks, mark, showSpots } from "./stage.js";
import { t } from "./texts.js";
import * as together from "./together.js";
import * as tweaks from "./tweaks.js";
import * as words from "./words.js";

const SOURCES = ["example", "url", "photo"];
const TITLE = document.title;
const state = { source: [], photo: null, name: "", url: "", answer: null, rows: [], colors: {}, order: "" };

// ---- the address ----

const sourceOf = (params) => SOURCES.filter((name) => params.has(name)).map((name) => [name, params.get(name)])[0] ?? [];

function pairs() {
  const source = state.source.length ? [state.source] : [];
  return [...source, ...words.pairs(), ...request.pairs(), ...tweaks.pairs(), together.season(), ["sort", state.order]];
}

/** After the shopper changed something: one piece's row, or all of it. */
function refined(row) {
  address.push(pairs(), true);
  showUndo();
  return attempt(() => (row ? refresh(row) : recommendAll()));
}

/** Shows what the address says. */
async function restore() {
  stop();
  boxing.stop();
  const params = address.read();
  request.fill(params);
  words.fill(params);
  tweaks.fill(params);
  sortBy(params.get("sort") ?? "");
  const source = sourceOf(params);
  showUndo();
  if (params.has("product")) return attempt(() => showProduct(params.get("product")));
  if (!source.length) return params.has("q") || params.has("only") ? searchWords() : home();
  return attempt(() => (String(source) === String(state.source) && state.answer ? recommendAll() : load(source)));
}

function home() {
  forgetPhoto();
  show("start");
}

async function showProduct(id) {
  forgetPhoto();
  await product.show(id);
  show("product");
}

function showUndo() {
  byId("undo").hidden = address.depth() === 0;
}

// ---- a photo ----

/** Begins with a photo of the shopper's own, an example or an address: nothing refined is left. */
function start(source) {
  tweaks.clear();
  state.source = source;
  address.push(pairs());
  showUndo();
  return attempt(() => load(source));
}

/** Keeps the photos, and begins with the first. */
const take = (files) => atWork(async () => {
  const numbers = [];
  for (const file of files) numbers.push(await keep(await intake.prepared(file), file.name || "photo"));
  await start(["photo", numbers[0]]);
});

/** Gives an own photo a number. */
async function keep(photo, name) {
  const number = await photos.add(photo, name);
  looks.add(["photo", number], photo, name);
  return number;
}

async function load([kind, value]) {
  state.source = [kind, value];
  if (kind === "url") {
    Object.assign(state, { url: value, photo: null, name: "photo" });
    return begin(value);
  }
  const found = kind === "photo" ? photos.get(value) : { photo: await intake.prepared(await intake.example(value)), name: `${value}.jpg` };
  if (!found) {
    home();
    return complain(new api.Trouble(t("photo_not_in_link"), { status: 404 }));
  }
  Object.assign(state, { url: "", ...found });
  return begin(URL.createObjectURL(state.photo));
}

async function begin(source) {
  boxing.stop();
  forgetRows();
  const image = byId("photo");
  if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
  image.src = source;
  image.alt = t("photo_alt", { name: state.name });
  const shown = await image.decode().then(() => true, () => false);
  if (shown) {
    looks.add(state.source, state.photo ?? state.url, state.name);
    show("work");
    byId("rows").replaceChildren(el("p", { class: "quiet" }, t("looking")), ...[0, 1].map(() => el("div", { class: "row waiting" })));
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
  byId("tabs").replaceChildren();
  developer.hideLayers();
}

function forgetPhoto() {
  Object.assign(state, { source: [], photo: null, url: "", name: "" });
  forgetRows();
}

function show(part) {
  for (const name of ["start", "work", "found", "product"]) byId(name).hidden = name !== part;
  byId("again").hidden = part === "start";
  if (part !== "product") document.title = TITLE;
  looks.show(part === "work" ? state.source : [], bringBack);
  document.body.classList.toggle("working", part === "work");
}

/** Shows a look of before as it was left. */
function bringBack(search) {
  address.go(search);
  return restore();
}

// ---- asking ----

const common = () => [["include", "masks"], ...request.fields(), ...words.fields()];

async function recommendAll() {
  const answer = await ask(state, [...common(), ...tweaks.corrections()], t("looking_both"));
  state.answer = answer;
  show("work");
  words.showChips("told", answer.understood ?? [], () => refined());
  const found = answer.recommendations.map((one) => newRow(String(one.article), answer.look.articles[one.article], one));
  const drawn = [...tweaks.boxes].map(([key, { box, category }]) => newRow(key, { category, box, score: 1, attributes: {} }, NOTHING));
  state.rows = [...found.filter(({ key }) => !tweaks.hidden.has(key)), ...drawn];
  render();
  drawJoints(answer.look);
  await drawMasks(answer.look);
  for (const row of state.rows) if (tweaks.special(row.key)) await refresh(row, false);
}

const NOTHING = { matches: [], passed: 0, role: "secondary" };

function newRow(key, article, recommendation) {
  return { key, article, recommendation, custom: tweaks.boxes.has(key), get tweak() { return tweaks.of(key); } };
}

function requestOf(row) {
  const { liked, disliked, inColor, correct, all } = row.tweak;
  const found = row.custom
    ? [["box", row.article.box.join(",")], ["box_category", row.article.category]]
    : [["categories", correct || row.article.category], ...(correct ? [["corrections", `${row.key}=${correct}`]] : [])];
  for (const id of liked) found.push(["liked", id]);
  for (const id of disliked) found.push(["disliked", id]);
  if (inColor) found.push(["in_color", inColor]);
  return all ? [...found, ["k", rows.all()]] : found;
}

/** A request with the row's fields before those that are common to all rows. */
function fieldsOf(row) {
  const own = requestOf(row);
  const taken = new Set(own.filter(([name]) => name === "k" || name === "categories").map(([name]) => name));
  return [...common().filter(([name]) => !taken.has(name)), ...own];
}

async function refresh(row, focus = true) {
  const answer = await ask(state, fieldsOf(row), t("looking_again", { piece: nameOf(row.article.category) }));
  row.article = answer.look.articles[row.custom ? 0 : Number(row.key)] ?? row.article;
  row.recommendation = answer.recommendations.find((one) => row.custom || String(one.article) === row.key) ?? NOTHING;
  render(focus ? row : null);
}

// ---- showing ----

function render(focused) {
  const { look, accepted, reason } = state.answer;
  looks.left(state.source, location.search);
  lookbook.mark(location.search);
  state.rows.forEach((row, index) => { row.number = index + 1; });
  showSpots(look, state.rows, pick);
  const empty = emptyWords(accepted, reason);
  byId("rows").replaceChildren(...(empty ? [el("p", { class: "nothing" }, empty)] : []), ...state.rows.map((row) => rows.section(row, look, state.colors, acts)));
  if (accepted && state.rows.length) byId("rows").append(goesWith());
  const found = state.rows.reduce((sum, row) => sum + row.recommendation.matches.length, 0);
  say(t("summary", { n: state.rows.length, products: t("in_count", { n: found }) }));
  request.count(state.rows.flatMap((row) => row.recommendation.matches.map((match) => match.product)));
  if (focused) pick(focused);
}

/** What goes with the look; asked once for the same filters. */
function goesWith() {
  const fields = together.fieldsOf(request.fields());
  const key = JSON.stringify([state.source, fields]);
  if (state.together?.key !== key) state.together = { key, place: together.later(() => bodyOf(state, together.fieldsOf(request.fields())), reseasoned) };
  return state.together.place;
}

/** After another season was chosen, which what goes with the look alone depends on. */
function reseasoned() {
  looks.left(state.source, location.search);
  lookbook.mark(location.search);
  showUndo();
}

function emptyWords(accepted, reason) {
  if (!accepted) return t("refused", { reason });
  return state.rows.length ? "" : t("no_pieces");
}

function pick(row) {
  mark(state.rows, row);
  for (const one of state.rows) one.section.classList.toggle("chosen", one === row);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const above = row.section.getBoundingClientRect().top < 0; // its heading shall be seen
  row.section.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: above ? "start" : "nearest" });
  byId(`row-${row.number}`).focus({ preventScroll: true });
}

const acts = {
  adjust: (row) => markPiece(row.article.box, row.article.category, row),
  drop: (row) => {
    tweaks.drop(row.key);
    state.rows = state.rows.filter((one) => one !== row);
    address.push(pairs(), true);
    showUndo();
    render();
  },
  recolor: (row, color) => { row.tweak.inColor = color; refined(row); },
  correct: (row, category) => {
    if (row.custom) {
      row.article = { ...row.article, category };
      tweaks.boxes.get(row.key).category = category;
    } else row.tweak.correct = category;
    refined(row);
  },
  forget: (row) => { row.tweak.liked.clear(); row.tweak.disliked.clear(); refined(row); },
  clear: () => request.clear(),
  filtered: request.filtering,
  forEveryone: request.forEveryone,
  everyone: request.chooseEveryone,
  order: () => state.order,
  all: (row, on) => { row.tweak.all = on; refined(row); },
  like: (row, id) => { if (!row.tweak.liked.delete(id)) row.tweak.liked.add(id); refined(row); },
  dislike: (row, id) => { row.tweak.liked.delete(id); row.tweak.disliked.add(id); refined(row); },
  compare: (row, match, told) => comparing.compare(row, match, state.answer.look, told),
};

/** Lets the shopper mark a piece; `replaced` is the row whose box it is so far. */
function markPiece(box, category, replaced) {
  boxing.edit(state.answer.look, box, category, (drawn, told) => attempt(() => marked(drawn, told, replaced)));
}

async function marked(box, told, replaced) {
  const category = told || await guessed(box, state.answer.look, (fields) => ask(state, [...request.fields(), ...fields], t("looking_both")));
  if (replaced) tweaks.drop(replaced.key);
  const key = tweaks.addBox(box, category);
  const row = newRow(key, { category, box, score: 1, attributes: {} }, NOTHING);
  state.rows = replaced ? state.rows.map((one) => (one === replaced ? row : one)) : [...state.rows, row];
  await refined(row);
}

/** Shows what the words find; without words the page stays as it is. */
function searchWords() {
  if (!words.text() && !words.pairs().some(([name]) => name === "only")) return null;
  return attempt(async () => {
    forgetPhoto();
    await words.search(searchAgain, state.order);
    show("found");
  });
}

function searchAgain() {
  address.push([...words.pairs(), ["sort", state.order]], true);
  return searchWords();
}

function sortBy(order) {
  state.order = order;
  for (const one of document.querySelectorAll("[data-sort]")) one.value = order;
}

// ---- starting ----

intake.listen({
  take,
  takeUrl: (url) => start(["url", url]),
  takeExample: (name) => start(["example", name]),
  fail: (trouble) => complain(trouble),
});
boxing.listen();
comparing.listen();
developer.listen();
saved.listen((close) => attempt(() => lookbook.list((search) => { close(); return bringBack(search); }, keep)));
attempt(() => lookbook.listen(saved.countLooks));
sharing.listen();
address.listen(restore);
words.listen(() => (state.answer ? refined() : words.text() && searchAgain()), () => state.order);
request.listen(() => { if (state.answer) refined(); });
byId("draw").addEventListener("click", () => markPiece(null, null));
byId("share").addEventListener("click", () => sharing.open(state.source[0] === "photo", state.rows));
byId("saveLook").addEventListener("click", () => attempt(() => lookbook.toggle(state, location.search)));
byId("undo").addEventListener("click", () => history.back());
byId("developers").addEventListener("click", () => developer.open(state.name, [...request.fields(), ...words.fields()], state.answer));
byId("again").addEventListener("click", () => { address.push([]); restore(); byId("choose").focus(); });
for (const one of document.querySelectorAll("[data-sort]")) {
  one.addEventListener("change", () => {
    sortBy(one.value);
    if (!state.answer) return searchAgain();
    address.push(pairs(), true);
    showUndo();
    return render();
  });
}
for (const dialog of document.querySelectorAll("dialog")) {
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}

attempt(async () => {
  const found = await api.info();
  state.colors = found.colors;
  request.offer(found);
  together.offer(found);
  feedback.offer(found.feedback);
  byId("byUrl").hidden = !found.photo_url;
  byId("count").textContent = found.products ? t("in_count", { n: found.products }) : t("empty_shop");
  await restore();
  document.body.dataset.ready = "yes";
});
