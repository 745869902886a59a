// Share: a link that brings the result back, in which the photo never is, and an image of the
// products, in which it is only where the shopper asks for it.

import { byId } from "./dom.js";
import * as picture from "./picture.js";
import { t } from "./texts.js";

let shown = { rows: [] };

/** Opens the dialog; `own`: the result is of a photo that only this browser has. */
export function open(own, rows) {
  const link = new URL(location.href);
  if (own) link.searchParams.delete("photo");
  byId("link").value = link.href;
  byId("linkNote").textContent = t(own ? "share_no_photo" : "share_whole");
  byId("copied").textContent = "";
  shown = { rows };
  byId("withPhoto").checked = false;
  byId("withPhoto").parentElement.hidden = !byId("photo").src.startsWith("blob:"); // another host's may not be drawn
  byId("ofImage").hidden = !rows.some((row) => row.recommendation.matches.length);
  byId("sharing").showModal();
  return draw();
}

/** Draws the image anew; one of a photo that may not be read here stays without it. */
async function draw() {
  const photo = byId("withPhoto").checked ? byId("photo") : null;
  byId("saveImage").disabled = true;
  await picture.draw(byId("image"), shown.rows, photo);
  byId("saveImage").disabled = false;
}

async function save() {
  const file = await picture.fileOf(byId("image"));
  if (navigator.canShare?.({ files: [file] })) {
    await navigator.share({ files: [file] }).catch((error) => { if (error.name !== "AbortError") throw error; });
    return;
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Makes the buttons copy and save. */
export function listen() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.addEventListener("click", () => copy(byId(button.dataset.copy), button.closest("dialog").querySelector("[role=status]")));
  }
  byId("withPhoto").addEventListener("change", draw);
  byId("saveImage").addEventListener("click", save);
}

async function copy(area, told) {
  area.focus();
  area.select();
  try {
    await navigator.clipboard.writeText(area.value);
    told.textContent = t("copied");
  } catch {
    // Without https a browser gives no clipboard; the text is selected for the keys.
    told.textContent = t("selected");
  }
}
