// Drop zone: files and folders, dropped or chosen.
import { html, useRef, useState } from "../core/html.js";
import { t } from "../core/i18n.js";
import { Icon } from "./icons.js";

/** Files of what was dropped, folders read through. */
export async function filesOf(transfer) {
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

export function DropZone({ onFiles, onProblem, large, children }) {
  const files = useRef();
  const folder = useRef();
  const [over, setOver] = useState(false);
  const chosen = (event) => {
    onFiles([...event.target.files]);
    event.target.value = "";
  };
  const drop = async (event) => {
    event.preventDefault();
    setOver(false);
    try {
      const dropped = await filesOf(event.dataTransfer);
      if (dropped.length) onFiles(dropped);
    } catch (problem) {
      onProblem?.(problem);
    }
  };
  return html`<div
    class="drop-zone ${over ? "over" : ""} ${large ? "large" : ""}"
    onDragOver=${(event) => (event.preventDefault(), setOver(true))}
    onDragLeave=${() => setOver(false)}
    onDrop=${drop}
  >
    <${Icon} name="up" />
    <p>${t("dropHere")}</p>
    <div>
      <button type="button" class="main" onClick=${() => files.current.click()}>${t("chooseFiles")}</button>
      <button type="button" onClick=${() => folder.current.click()}>${t("chooseFolder")}</button>
    </div>
    <small>${t("kindsRead")}</small>
    <input ref=${files} hidden type="file" multiple aria-label=${t("chooseFiles")} onChange=${chosen} />
    <input ref=${folder} hidden type="file" webkitdirectory aria-label=${t("chooseFolder")} onChange=${chosen} />
    ${children}
  </div>`;
}
