// What may be in a box that a shopper drew, where they did not say.

import { CATEGORIES } from "./dom.js";

const HEAD = [0, 1, 2, 3, 4];
const [HIPS, ANKLES] = [[11, 12], [15, 16]];

/** The height of some key points, and where a photo has it that shows no person. */
function heightOf(look, joints, otherwise) {
  const seen = joints.map((joint) => look.person?.keypoints[joint]).filter((point) => point && point[2] >= 0.3);
  return seen.length ? seen.reduce((sum, point) => sum + point[1], 0) / seen.length : otherwise * look.height;
}

/** By where the box is on the person: head, above the hips, above the ankles, below. */
function byPlace([, y0, , y1], look) {
  const middle = (y0 + y1) / 2;
  const [head, hips, ankles] = [heightOf(look, HEAD, 0.12), heightOf(look, HIPS, 0.52), heightOf(look, ANKLES, 0.9)];
  if (middle < head + (hips - head) * 0.15) return "headwear";
  if (middle < hips) return "topwear";
  return middle < hips + (ankles - hips) * 0.85 ? "bottomwear" : "footwear";
}

/** The category that the service reads in the box; where it reads none, the one of its place. */
export async function guessed(box, look, ask) {
  const place = byPlace(box, look);
  const answer = await ask([["box", box.join(",")], ["box_category", place]]);
  const read = answer.look.articles[0]?.attributes.category;
  return CATEGORIES.includes(read) ? read : place;
}
