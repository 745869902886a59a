// Looks that the shopper saved: in this browser's own database alone, each with its photo where it
// is the shopper's own, until it is removed.

import { Trouble } from "./api.js";
import { byId, el, icon } from "./dom.js";
import { t } from "./texts.js";

const STORE = "looks";
const ids = new Map(); // by what a look is and how it was left: which entry it is
const numbers = new Map(); // by entry: the number that its own photo has in this tab
let counted = () => {};
let saving = false;

/** What a look is and how it was left. */
function keyOf(search) {
  const params = new URLSearchParams(search);
  params.sort(); // a choice made later stands later in the address
  return params.toString();
}

/** The entries, the newest first. Throws a Trouble where this browser keeps none. */
const all = async () => (await within("readonly", (store) => store.getAll())).reverse();

/** Does something in the database; a Trouble where the browser gives none, or no more room. */
async function within(mode, step) {
  try {
    const opening = indexedDB.open("thatlook", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "id", autoIncrement: true });
    const base = await answer(opening);
    try {
      const transaction = base.transaction(STORE, mode);
      const [found] = await Promise.all([answer(step(transaction.objectStore(STORE))), done(transaction)]);
      return found;
    } finally {
      base.close();
    }
  } catch (error) {
    if (error instanceof DOMException) throw new Trouble(t("not_kept"));
    throw error;
  }
}

function answer(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Waits until what was done is kept: a full disk may take it back after the request. */
function done(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error ?? new DOMException("not kept", "AbortError"));
  });
}

/** Saves the look that is shown, or lets it go where it is saved just so. */
export async function toggle(look, search) {
  if (saving) return; // a second click of a double one
  saving = true;
  try {
    await saveOrForget(look, search);
  } finally {
    saving = false;
  }
}

async function saveOrForget({ source, photo, name, url }, search) {
  const key = keyOf(search);
  if (ids.has(key)) await forget(ids.get(key));
  else {
    const own = source[0] === "photo" ? photo : null;
    const picture = own ? "" : url || `/examples/${encodeURIComponent(source[1])}.jpg`;
    const id = await within("readwrite", (store) => store.add({ search, name, photo: own, picture }));
    ids.set(key, id);
    if (own) numbers.set(id, source[1]);
  }
  mark(search);
  counted((await all()).length);
}

async function forget(id) {
  await within("readwrite", (store) => store.delete(id));
  for (const [key, one] of ids) if (one === id) ids.delete(key);
}

/** Shows on the button whether the look is saved as it is now. */
export function mark(search) {
  byId("saveLook").setAttribute("aria-pressed", String(ids.has(keyOf(search))));
}

/** Lists the saved looks; `open(search)` shows one, `take(photo, name)` gives an own photo a number first. */
export async function list(open, take) {
  const looks = await all();
  counted(looks.length);
  byId("savedLooks").hidden = !looks.length;
  const remove = async (look) => { await forget(look.id); mark(location.search); await list(open, take); };
  byId("savedLookList").replaceChildren(...looks.map((look) => tile(look, async () => open(await searchOf(look, take)), () => remove(look))));
}

function tile(look, show, remove) {
  const src = look.photo ? URL.createObjectURL(look.photo) : look.picture;
  const image = el("img", { src, alt: t("saved_look", { name: look.name }), width: 64, height: 80, onload: () => URL.revokeObjectURL(src) });
  return el("li", {}, el("button", { type: "button", class: "open-look", onclick: show }, image),
    el("button", { type: "button", class: "round", aria: { label: `${t("remove")}: ${look.name}` }, onclick: remove }, icon("x")));
}

/** The look's address in this tab. */
async function searchOf(look, take) {
  const params = new URLSearchParams(look.search);
  if (look.photo) {
    if (!numbers.has(look.id)) numbers.set(look.id, await take(look.photo, look.name));
    params.set("photo", numbers.get(look.id));
  }
  ids.set(keyOf(params), look.id);
  return `?${params}`;
}

/** Tells `count` how many looks are saved, now and later; where the browser keeps nothing, none is offered. */
export async function listen(count) {
  counted = count;
  try {
    const looks = await all();
    for (const look of looks) if (!look.photo) ids.set(keyOf(look.search), look.id);
    counted(looks.length);
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    byId("saveLook").hidden = true;
  }
}
