// Drop zone: files and folders, dropped or chosen.
import { html, instead, t, useRef, useState } from "../core/app.js";
import { Icon, complain } from "./basics.js";

/** Files of what was dropped, folders read through. */
async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files];
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found.filter((file) => !file.name.startsWith("."));
}

async function walk(entry, found) {
  if (entry.isFile) {
    found.push(await new Promise((resolve, reject) => entry.file(resolve, reject)));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const below of some) await walk(below, found);
  }
}

/** Properties of an element on which files are dropped, and whether some are over it now. */
export function useDrop(onFiles) {
  const [over, setOver] = useState(false);
  const drop = async (event) => {
    // A zone within another: one of them takes the files.
    event.stopPropagation();
    setOver(false);
    try {
      const files = await filesOf(event.dataTransfer);
      if (files.length) onFiles(files);
    } catch (problem) {
      complain(problem);
    }
  };
  return {
    over,
    onDragOver: instead(() => setOver(true)),
    onDragLeave: (event) => event.target === event.currentTarget && setOver(false),
    onDrop: instead(drop),
  };
}

export function DropZone({ onFiles, large, children }) {
  const { over, ...handlers } = useDrop(onFiles);
  const choose = (text, rest) => {
    const input = useRef();
    const chosen = ({ target }) => {
      onFiles([...target.files]);
      target.value = "";
    };
    return html`<button class=${rest.class} onClick=${() => input.current.click()}>${text}</button>
      <input ref=${input} hidden type="file" aria-label=${text} onChange=${chosen} ...${rest} />`;
  };
  return html`<div class="drop-zone ${over ? "over" : ""} ${large ? "large" : ""}" ...${handlers}>
    <${Icon} name="up" />
    <p>${t("dropHere")}</p>
    <div>
      ${choose(t("chooseFiles"), { multiple: true, class: "main" })}
      ${choose(t("chooseFolder"), { webkitdirectory: true })}
    </div>
    <small>${t("kindsRead")}</small>
    ${children}
  </div>`;
}
