// A picture to search by: made small, kept for this tab, so that reload works.
import { toast } from "./basics.js";
import { t } from "../core/app.js";

const SIDE = 640;
const HEAD = "pageglass.picture.";

/** Keep a picture; returns its id for the URL. Rejects what is no image. */
async function keepPicture(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const id = crypto.getRandomValues(new Uint32Array(1))[0].toString(36);
  sessionStorage.setItem(HEAD + id, canvas.toDataURL("image/jpeg", 0.9));
  return id;
}

export const pictureUrl = (id) => sessionStorage.getItem(HEAD + id);

export function pictureFile(id) {
  const kept = pictureUrl(id);
  if (!kept) return null;
  const bytes = Uint8Array.from(atob(kept.split(",")[1]), (letter) => letter.charCodeAt(0));
  return new File([bytes], "picture.jpg", { type: "image/jpeg" });
}

/** Keep the first image that an event drops or pastes; returns its id, if there is one. */
export async function takePicture(event) {
  const { files } = event.dataTransfer || event.clipboardData;
  const picture = [...files].find((file) => file.type.startsWith("image/"));
  if (!picture) return null;
  event.preventDefault();
  event.stopPropagation();
  try {
    return await keepPicture(picture);
  } catch {
    toast(t("noPicture"), { bad: true });
    return null;
  }
}
