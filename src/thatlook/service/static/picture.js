// The result as an image to share, drawn here: products, and the photo only where it is wanted.

import { picture } from "./api.js";
import { amount } from "./cards.js";
import { el, nameOf } from "./dom.js";
import { money, t } from "./texts.js";

const [WIDTH, PAD, GAP] = [1200, 48, 24];
const [ACROSS, ROWS] = [4, 3];
const TILE = { width: (WIDTH - 2 * PAD - (ACROSS - 1) * GAP) / ACROSS, picture: 300, text: 106 };
const HEAD = 60;
const PHOTO = 720;
const FONT = "system-ui, sans-serif";
const INK = { paper: "#f7f6f2", ink: "#1d1c1a", soft: "#625f58", card: "#fff", line: "#dfdbd2" };

/** Draws the first products of the first rows into a canvas; `photo` is an image, or null. */
export async function draw(canvas, rows, photo) {
  const shown = rows.filter((row) => row.recommendation.matches.length).slice(0, ROWS);
  const images = await Promise.all(shown.map((row) => Promise.all(firstOf(row).map(({ product }) => loaded(product.id)))));
  const top = PAD + 56 + (photo ? PHOTO + GAP : 0);
  canvas.width = WIDTH;
  canvas.height = top + shown.length * (HEAD + TILE.picture + TILE.text) + PAD;
  const pen = canvas.getContext("2d");
  pen.fillStyle = INK.paper;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  write(pen, "thatlook", PAD, PAD + 30, `600 38px Palatino, Georgia, serif`, INK.ink);
  if (photo) fitted(pen, photo, PAD, PAD + 56, WIDTH - 2 * PAD, PHOTO);
  shown.forEach((row, index) => drawRow(pen, row, images[index], top + index * (HEAD + TILE.picture + TILE.text)));
}

const firstOf = (row) => row.recommendation.matches.slice(0, ACROSS);

async function loaded(id) {
  const image = el("img");
  const done = new Promise((resolve) => {
    image.addEventListener("load", () => resolve(image), { once: true });
    image.addEventListener("error", () => resolve(null), { once: true }); // its place stays empty
  });
  picture(image, id, "medium");
  return done;
}

function drawRow(pen, row, images, y) {
  write(pen, nameOf(row.article.category), PAD, y + 40, `600 28px Palatino, Georgia, serif`, INK.ink);
  firstOf(row).forEach((match, index) => drawTile(pen, match, images[index], PAD + index * (TILE.width + GAP), y + HEAD));
}

function drawTile(pen, match, image, x, y) {
  const { product } = match;
  pen.fillStyle = INK.card;
  pen.strokeStyle = INK.line;
  pen.beginPath();
  pen.roundRect(x, y, TILE.width, TILE.picture, 14);
  pen.fill();
  pen.stroke();
  if (image) fitted(pen, image, x + 8, y + 8, TILE.width - 16, TILE.picture - 16);
  pen.font = `19px ${FONT}`;
  const [first, rest] = broken(pen, product.title || product.id, TILE.width);
  write(pen, first, x, y + TILE.picture + 30, pen.font, INK.ink, TILE.width);
  write(pen, rest, x, y + TILE.picture + 55, pen.font, INK.ink, TILE.width);
  const price = Number.isNaN(amount(match)) ? "" : money(product.sale_price || product.price);
  const below = y + TILE.picture + (rest ? 82 : 57);
  write(pen, [price, product.brand].filter(Boolean).join(" · "), x, below, `17px ${FONT}`, INK.soft, TILE.width);
}

/** A text as a line that is at most so wide, and the rest. */
function broken(pen, text, most) {
  const words = text.split(" ");
  let count = words.length;
  while (count > 1 && pen.measureText(words.slice(0, count).join(" ")).width > most) count -= 1;
  return [words.slice(0, count).join(" "), words.slice(count).join(" ")];
}

/** Draws an image as large as fits, in the middle. */
function fitted(pen, image, x, y, width, height) {
  const scale = Math.min(width / image.naturalWidth, height / image.naturalHeight);
  const [w, h] = [image.naturalWidth * scale, image.naturalHeight * scale];
  pen.drawImage(image, x + (width - w) / 2, y + (height - h) / 2, w, h);
}

/** Writes a line, cut off with an ellipsis where it is wider than `most`. */
function write(pen, text, x, y, font, color, most = Infinity) {
  pen.font = font;
  pen.fillStyle = color;
  let shown = text;
  while (pen.measureText(shown).width > most) shown = `${shown.replace(/…$/, "").slice(0, -1).trimEnd()}…`;
  pen.fillText(shown, x, y);
}

/** The canvas as a PNG file. */
export const fileOf = (canvas) => new Promise((resolve) => {
  canvas.toBlob((blob) => resolve(new File([blob], t("image_name"), { type: "image/png" })), "image/png");
});
