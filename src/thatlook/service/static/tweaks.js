// What the shopper changed of single pieces, by the piece's key: its number in the look ("1"), or
// that of a box that was drawn ("b1"). Kept in the address as `like=1:ID`.

const NONE = () => ({ liked: new Set(), disliked: new Set(), inColor: "", correct: "", all: false });
const LISTS = { like: "liked", not: "disliked" };
const TEXTS = { in: "inColor", is: "correct" };

let pieces = new Map();
export let boxes = new Map();
export let hidden = new Set();

/** What was changed of a piece. */
export function of(key) {
  if (!pieces.has(key)) pieces.set(key, NONE());
  return pieces.get(key);
}

/** Forgets everything. */
export function clear() {
  pieces = new Map();
  boxes = new Map();
  hidden = new Set();
}

/** Whether a piece has to be asked for by itself. */
export const special = (key) => {
  const { liked, disliked, inColor, all } = of(key);
  return boxes.has(key) || liked.size > 0 || disliked.size > 0 || inColor !== "" || all;
};

/** Keeps a box; returns its key. */
export function addBox(box, category) {
  const last = Math.max(0, ...[...boxes.keys()].map((key) => Number(key.slice(1))));
  boxes.set(`b${last + 1}`, { box, category });
  return `b${last + 1}`;
}

/** Takes a piece away. */
export function drop(key) {
  if (!boxes.delete(key)) hidden.add(key);
  pieces.delete(key);
}

/** The categories that pieces of the look were said to be, as fields of a request. */
export const corrections = () => [...pieces].filter(([key, { correct }]) => correct && !boxes.has(key)).map(([key, { correct }]) => ["corrections", `${key}=${correct}`]);

/** All of it as pairs of the address. */
export function pairs() {
  const found = [...boxes].map(([key, { box, category }]) => ["box", `${key}:${box.join(",")},${category}`]);
  for (const key of hidden) found.push(["hide", key]);
  for (const [key, piece] of pieces) {
    for (const [name, list] of Object.entries(LISTS)) for (const id of piece[list]) found.push([name, `${key}:${id}`]);
    for (const [name, field] of Object.entries(TEXTS)) if (piece[field]) found.push([name, `${key}:${piece[field]}`]);
    if (piece.all) found.push(["all", key]);
  }
  return found;
}

/** Reads it from the address. */
export function fill(params) {
  clear();
  for (const [name, text] of params) {
    const at = text.indexOf(":");
    const [key, value] = [text.slice(0, at), text.slice(at + 1)];
    if (LISTS[name]) of(key)[LISTS[name]].add(value);
    else if (TEXTS[name]) of(key)[TEXTS[name]] = value;
    else if (name === "box") readBox(key, value.split(","));
    else if (name === "hide") hidden.add(text);
    else if (name === "all") of(text).all = true;
  }
}

function readBox(key, parts) {
  const box = parts.slice(0, 4).map(Number);
  if (box.length === 4 && box.every(Number.isFinite)) boxes.set(key, { box, category: parts[4] });
}
