// Where a photo comes from: a file, a drop, the clipboard, the camera, an example, an address.

import { byId, el } from "./dom.js";
import { Trouble } from "./api.js";
import { t } from "./texts.js";

const LONGEST_SIDE = 1600;
const EXAMPLES = ["look_001", "look_004", "look_007", "look_010"];

/** Calls `take(files)` for the photos that come in together, `fail(trouble)` where none did. */
export function listen({ take, takeUrl, takeExample, fail }) {
  const picked = (input) => {
    const files = [...input.files];
    input.value = ""; // the same file may be chosen again
    if (files.length) take(files);
  };
  for (const [button, input] of [["choose", "file"], ["shoot", "camera"]]) {
    byId(button).addEventListener("click", () => byId(input).click());
    byId(input).addEventListener("change", (event) => picked(event.target));
  }
  byId("byUrl").addEventListener("submit", (event) => {
    event.preventDefault();
    takeUrl(byId("url").value);
  });
  dropping(take, fail);
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])].filter((one) => one.type.startsWith("image/"));
    if (files.length) take(files);
  });
  showExamples(takeExample);
}

function dropping(take, fail) {
  const zone = byId("drop");
  let depth = 0;
  const over = (on) => zone.classList.toggle("over", on);
  document.addEventListener("dragenter", () => over(++depth > 0));
  document.addEventListener("dragleave", () => over(--depth > 0));
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    depth = 0;
    over(false);
    const files = [...event.dataTransfer.files];
    if (files.length) take(files);
    else fail(new Trouble(t("no_file")));
  });
}

/** The photo of an example. Throws a Trouble where there is none of that name. */
export async function example(name) {
  const answer = await fetch(`/examples/${encodeURIComponent(name)}.jpg`);
  if (!answer.ok) throw new Trouble(t("no_example"));
  return answer.blob();
}

function showExamples(open) {
  const tiles = EXAMPLES.map((name, index) => {
    const image = el("img", { src: `/examples/${name}.jpg`, alt: t("example", { n: index + 1 }), loading: "lazy", width: 96, height: 144 });
    return el("button", { type: "button", onclick: () => open(name) }, image);
  });
  byId("examples").append(...tiles);
}

/**
 * The photo as it is sent: at most 1600 pixels long, so that it is quick on a phone, and then
 * without what the camera wrote into it. A photo that this browser cannot open goes as it is.
 */
export async function prepared(blob) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob);
  } catch {
    return blob; // the service says what is wrong with it
  }
  const scale = LONGEST_SIDE / Math.max(bitmap.width, bitmap.height);
  if (scale >= 1) {
    bitmap.close();
    return blob;
  }
  const canvas = el("canvas", { width: Math.round(bitmap.width * scale), height: Math.round(bitmap.height * scale) });
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const small = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", 0.92); });
  return small ?? blob;
}
