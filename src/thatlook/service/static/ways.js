// "Ways to style it": photos of people who wear something like a product, and what the shop has for the rest.

import * as api from "./api.js";
import { strip } from "./cards.js";
import { describe, el, nameOf } from "./dom.js";
import { place as over } from "./stage.js";
import { t } from "./texts.js";

const SHOWN = 6;

/** Fills `place` with the scenes of the product at `at`; where there are none it goes. */
export async function show(place, at) {
  try {
    const { scenes } = await api.get(`${at}/scenes?k=${SHOWN}`);
    if (!scenes.length) return place.remove();
    const below = el("div", { class: "way", aria: { live: "polite" } });
    const ways = scenes.map((scene, index) => way(scene, index + 1, (chosen) => {
      for (const one of ways) one.setAttribute("aria-pressed", String(one === chosen));
      below.replaceChildren(...rest(scene));
    }));
    place.replaceChildren(el("h2", { tabIndex: -1 }, t("ways")), el("ol", { class: "ways" }, ...ways.map((one) => el("li", {}, one))), below);
    ways[0].click();
  } catch (error) {
    if (!(error instanceof api.Trouble)) throw error;
    place.replaceChildren(el("h2", {}, t("ways")), el("p", { class: "nothing" }, t("ways_failed"), " ",
      el("button", { type: "button", class: "link", onclick: () => show(place, at) }, t("try_again"))));
  }
}

/** A scene's photo with the article in its box, as a button. */
function way(scene, number, choose) {
  const image = el("img", { alt: "", loading: "lazy", width: scene.width, height: scene.height });
  api.pictureAt(image, scene.photo);
  const worn = scene.articles[scene.article];
  const box = el("span", { class: `worn c-${worn.category}` });
  over(box, worn.box, scene);
  const words = describe(worn) || nameOf(worn.category);
  const button = el("button", { type: "button", class: "scene", aria: { pressed: "false", label: t("way_of", { n: number, words }) }, onclick: () => choose(button) }, image, box);
  return button;
}

/** What else is worn in a scene, by article. */
function rest(scene) {
  const found = scene.worn_with.filter(({ matches }) => matches.length);
  return found.length ? found.map(({ category, matches }) => strip(t("way_with", { category: nameOf(category) }), matches, { source: "photo", category })) : [el("p", { class: "quiet" }, t("way_alone"))];
}
