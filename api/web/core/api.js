// The JSON API: requests, problems, events of an answer, uploads.
import { t } from "./i18n.js";
import { go, here, url } from "./router.js";

/** Kinds of documents, as the filters name them. */
export const KINDS = ["pdf", "image", "video", "audio", "text", "book", "office", "mail", "archive"];

/** A problem (RFC 9457): `message` says what is wrong and `hint` what to do. */
export class Problem extends Error {
  constructor(body, status) {
    super(body.detail || (status ? `${status}` : t("noServer")));
    this.hint = body.hint || "";
    this.status = status;
  }
}

async function send(method, path, { params, json, form, signal } = {}) {
  const headers = json ? { "Content-Type": "application/json" } : {};
  const body = json ? JSON.stringify(json) : form;
  const response = await fetch(url(path, params), { method, headers, body, signal }).catch((error) => {
    throw signal?.aborted ? error : new Problem({}, 0);
  });
  if (response.ok) return response;
  if (response.status === 401 && here().path !== "/signin") {
    go(url("/signin", { next: here().path + location.search }), { replace: true });
  }
  throw new Problem(await response.json().catch(() => ({})), response.status);
}

export async function request(method, path, options) {
  const response = await send(method, path, options);
  return response.status === 204 ? null : response.json();
}

export const get = (path, params, signal) => request("GET", path, { params, signal });
export const post = (path, json, signal) => request("POST", path, { json, signal });

/** Ask, and give each server-sent event to `onEvent(name, data)`. */
export async function ask(body, onEvent, signal) {
  const { body: stream } = await send("POST", "/v1/ask", { json: { ...body, stream: true }, signal });
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value.replaceAll("\r", "");
    for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
      const fields = text.slice(0, end).split("\n");
      const of = (name) =>
        fields.filter((f) => f.startsWith(`${name}:`)).map((f) => f.slice(name.length + 1).trim());
      if (of("data").length) onEvent(of("event")[0], JSON.parse(of("data").join("\n")));
    }
  }
}

/** Upload a file as a job; `onSent` gets the share of its bytes that is sent. */
export function upload(file, { password, onSent, started }) {
  return new Promise((resolve, reject) => {
    const sender = new XMLHttpRequest();
    const form = new FormData();
    form.append("files", file, file.name);
    if (password) form.append("password", password);
    sender.upload.onprogress = (event) => onSent(event.loaded / Math.max(event.total, 1));
    // An answer that is not JSON, such as a proxy's page, is null.
    sender.responseType = "json";
    sender.onloadend = () =>
      sender.status > 0 && sender.status < 300
        ? resolve(sender.response)
        : reject(new Problem(sender.response || {}, sender.status));
    sender.open("POST", url("/v1/documents"));
    sender.send(form);
    started(sender);
  });
}

/** End of a folder's path that tells it from most others. */
export const folderName = (folder) => folder.split("/").slice(-2).join("/");

/** Address of a page's image, for a width in CSS pixels. */
export function imageUrl(page, width, revision) {
  const dpr = devicePixelRatio > 1.25 ? 2 : 1;
  return url(`/v1/pages/${page}/image`, { width, dpr, revision });
}

/** A document's pages of which an image is asked have the key DOCUMENT-NUMBER. */
export const pageKey = (document, number) => `${document}-${number}`;
