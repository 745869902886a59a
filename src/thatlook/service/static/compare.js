// The crop beside a product, large; both can be looked at closer.

import { picture } from "./api.js";
import { nearWord, price, reasons, shopLink } from "./cards.js";
import { byId } from "./dom.js";
import { drawCrop } from "./rows.js";
import * as saved from "./saved.js";
import { t } from "./texts.js";

/** Opens the dialog for a product and the piece in the photo. */
export function compare(row, { product, score, nearness, reasons: words }, look) {
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
  byId("compareBuy").replaceChildren(...price(product), " ", shopLink(product) ?? "", saved.button(product));
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
