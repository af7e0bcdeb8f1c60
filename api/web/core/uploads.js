// Uploads: a queue of files, each a job of its own, shown until it is put away.
import { store } from "./html.js";
import { Problem, get, request, upload } from "./api.js";

const AT_ONCE = 3;
const LOOK_EVERY = 400;
let next = 1;
const uploads = store([]);
const added = store(0);
export const useUploads = uploads.use;
/** A number that grows when documents have been added. */
export const useAdded = added.use;

const put = (...items) => uploads.set([...uploads.get(), ...items]);

function change(item, fields) {
  Object.assign(item, fields);
  put();
}

export function addFiles(files) {
  put(...files.map((file) => ({ id: next++, name: file.name, file, state: "waiting" })));
  work();
}

/** Follow the server's jobs that this tab did not start. */
export async function adoptJobs() {
  const { jobs } = await get("/v1/jobs", { limit: 50 });
  for (const job of jobs.filter((one) => !one.finished_at)) {
    if (uploads.get().some((item) => item.job === job.id)) continue;
    const name = job.files.map((f) => f.file).join(", ");
    const item = { id: next++, name, job: job.id, state: job.state };
    put(item);
    follow(item);
  }
}

export function retry(item, password) {
  change(item, { state: "waiting", ended: false, problem: null, password });
  work();
}

export function putAway(ended) {
  uploads.set(uploads.get().filter((item) => !ended.includes(item)));
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
  const open = uploads.get().filter((item) => !item.ended);
  const waiting = open.filter((item) => item.state === "waiting");
  const busy = open.length - waiting.length;
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
  const failed = job.files.find((file) => file.error);
  const problem = failed
    ? new Problem({ detail: failed.error, hint: failed.hint }, 422)
    : job.problem && new Problem(job.problem, job.problem.status);
  item.document = job.files.find((file) => file.document)?.document;
  item.known = job.files.every((file) => file.status === 200);
  end(item, job.state === "done" && failed ? "failed" : job.state, problem);
  if (job.documents) added.set(added.get() + 1);
}

function end(item, state, problem = null) {
  change(item, { state, problem, ended: true });
  work();
}
