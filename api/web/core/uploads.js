// Uploads: a queue of files, each a job of its own, shown until it is put away.
import { useEffect, useState } from "./html.js";
import { Problem, get, request, upload } from "./api.js";

const AT_ONCE = 3;
const LOOK_EVERY = 400;
let items = [];
let next = 1;
const listeners = new Set();
const doneListeners = new Set();

function tell() {
  items = [...items];
  for (const listener of listeners) listener(items);
}

function change(item, fields) {
  Object.assign(item, fields);
  tell();
}

export function useUploads() {
  const [now, setNow] = useState(items);
  useEffect(() => {
    setNow(items);
    listeners.add(setNow);
    return () => listeners.delete(setNow);
  }, []);
  return now;
}

/** Call `listener` when a document has been added. */
export function onAdded(listener) {
  doneListeners.add(listener);
  return () => doneListeners.delete(listener);
}

export function addFiles(files) {
  for (const file of files) items.push({ id: next++, name: file.name, file, state: "waiting" });
  tell();
  work();
}

/** Follow the server's jobs that this tab did not start. */
export async function adoptJobs() {
  const { jobs } = await get("/v1/jobs", { limit: 50 });
  for (const job of jobs.filter((one) => !one.finished_at)) {
    if (items.some((item) => item.job === job.id)) continue;
    const item = { id: next++, name: job.files.map((f) => f.file).join(", "), job: job.id };
    items.push(item);
    change(item, { state: job.state });
    follow(item);
  }
}

export function retry(item, password) {
  change(item, { state: "waiting", ended: false, problem: null, password });
  work();
}

export function putAway(ended) {
  items = items.filter((item) => !ended.includes(item));
  tell();
}

export async function cancel(item) {
  change(item, { cancelled: true });
  if (item.state === "waiting") return end(item, "cancelled");
  if (!item.job) return item.sender?.abort();
  try {
    await request("DELETE", `/v1/jobs/${item.job}`);
  } catch (problem) {
    if (problem.status !== 409) change(item, { problem });
  }
  return undefined;
}

function work() {
  const busy = items.filter((item) => !item.ended && item.state !== "waiting").length;
  const waiting = items.filter((item) => item.state === "waiting" && !item.ended);
  for (const item of waiting.slice(0, Math.max(0, AT_ONCE - busy))) send(item);
}

async function send(item) {
  change(item, { state: "sending", sent: 0 });
  try {
    const job = await upload(item.file, {
      password: item.password,
      onSent: (sent) => change(item, { sent }),
      started: (sender) => (item.sender = sender),
    });
    change(item, { job: job.id, state: job.state });
    if (item.cancelled) await cancel(item);
    await follow(item);
  } catch (problem) {
    // Too many wait at the server: try again later.
    if (problem.status === 503 && !item.cancelled) {
      setTimeout(() => (change(item, { state: "waiting" }), work()), 5000);
    } else end(item, item.cancelled ? "cancelled" : "failed", problem);
  }
}

async function follow(item) {
  for (;;) {
    const job = await get(`/v1/jobs/${item.job}`).catch((problem) => ({ gone: problem }));
    if (job.gone) return end(item, "failed", job.gone);
    change(item, { state: job.state, done: job.pages_done, pages: job.page_count });
    if (job.finished_at) return settle(item, job);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }
}

function settle(item, job) {
  const files = job.files.filter((file) => file.error);
  const [failed] = files;
  const problem = failed
    ? new Problem({ detail: failed.error, hint: failed.hint }, 422)
    : job.problem && new Problem(job.problem, job.problem.status);
  item.document = job.files.find((file) => file.document)?.document;
  item.known = job.files.every((file) => file.status === 200);
  end(item, job.state === "done" && failed ? "failed" : job.state, problem);
  if (job.documents) for (const listener of doneListeners) listener(job);
}

function end(item, state, problem = null) {
  change(item, { state, problem, ended: true });
  work();
}
