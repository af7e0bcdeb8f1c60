// Preact with htm's templates in place of JSX; hooks for data, keys, sizes and stores.
import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import htm from "htm";

export const html = htm.bind(h);
export { render } from "preact";
export * from "preact/hooks";

/** A value outside of screens: `get()`, `set(value)`, and the hook `use()`. */
export function store(value) {
  const listeners = new Set();
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const listener of [...listeners]) listener(value);
    },
    use() {
      const [now, setNow] = useState(value);
      useEffect(() => {
        setNow(value);
        listeners.add(setNow);
        return () => listeners.delete(setNow);
      }, []);
      return now;
    },
  };
}

/** Result of an asynchronous `load(signal)`, loaded again when one of `keys` changes. */
export function useData(load, keys) {
  const [state, setState] = useState({ loading: true });
  useEffect(() => {
    const stop = new AbortController();
    const show = (next) => stop.signal.aborted || setState(next);
    setState((before) => ({ ...before, loading: true, problem: null }));
    load(stop.signal).then(
      (data) => show({ data, loading: false }),
      (problem) => show({ problem, loading: false }),
    );
    return () => stop.abort();
  }, keys);
  return state;
}

/** Keys outside of text fields: `actions` by the event's key. */
export function useKeys(actions) {
  const latest = useRef();
  latest.current = actions;
  useEffect(() => {
    const press = (event) => {
      const typing = event.target.matches?.("input:not([type=checkbox]), textarea, select");
      if (event.metaKey || event.ctrlKey || event.altKey) return;
      if (typing || document.querySelector("dialog[open]")) return;
      const action = latest.current[event.key];
      if (action && action(event) !== false) event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

export function useTitle(title) {
  useEffect(() => {
    document.title = title ? `${title} · pageglass` : "pageglass";
  }, [title]);
}

/** Width of the element that gets the `ref`, as it changes. */
export function useWidth() {
  const [element, ref] = useState(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (!element) return undefined;
    const look = new ResizeObserver(([entry]) => setWidth(entry.contentRect.width));
    look.observe(element);
    return () => look.disconnect();
  }, [element]);
  return [ref, width];
}

/** A handler that keeps the browser from its own way with an event. */
export const instead = (act) => (event) => {
  event.preventDefault();
  return act(event);
};
