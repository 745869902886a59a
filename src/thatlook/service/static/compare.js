// The crop beside a product, large; both can be looked at closer.

import { picture } from "./api.js";
import { nearWord, price, reasons, shopLink } from "./cards.js";
import { byId, el } from "./dom.js";
import * as feedback from "./feedback.js";
import { drawCrop } from "./rows.js";
import * as saved from "./saved.js";
import { t } from "./texts.js";

/** Opens the dialog for a product and the piece in the photo; `told` is what feedback tells of. */
export function compare(row, match, look, told) {
  const { product, score, nearness, reasons: words } = match;
  const title = product.title || product.id;
  const image = byId("compareProduct");
  byId("compareTitle").textContent = title;
  drawCrop(byId("compareCrop"), byId("photo"), row.article.box, look, 900);
  image.alt = title;
  image.classList.remove("gone");
  image.removeAttribute("src"); // the one before must not be seen meanwhile
  picture(image, product.id, "large");
  zoom(false);
  byId("compareNear").textContent = nearness ? `${nearWord(nearness)}: ${t("in_100", { n: Math.round(score * 100) })}` : "";
  byId("compareReasons").replaceChildren(...(reasons(words)?.children ?? []));
  const buy = el("p", { class: "buy" }, ...price(product), " ", shopLink(product) ?? "", saved.button(product));
  byId("compareBuy").replaceChildren(feedback.watch(buy, told.list, match, told.place, false));
  byId("compare").showModal();
}

function zoom(on) {
  byId("sides").classList.toggle("zoomed", on);
  byId("zoom").setAttribute("aria-pressed", String(on));
}

/** Makes the button and the pictures zoom. */
export function listen() {
  const turn = () => zoom(!byId("sides").classList.contains("zoomed"));
  byId("zoom").addEventListener("click", turn);
  for (const name of ["compareCrop", "compareProduct"]) byId(name).addEventListener("click", turn);
}
