// Hooks: data of the API, keys, and sizes.
import { useEffect, useRef, useState } from "./html.js";

/** Result of an asynchronous `load(signal)`, loaded again when one of `keys` changes. */
export function useData(load, keys) {
  const [state, setState] = useState({ loading: true });
  useEffect(() => {
    const stop = new AbortController();
    setState((before) => ({ ...before, loading: true, problem: null }));
    load(stop.signal).then(
      (data) => !stop.signal.aborted && setState({ data, loading: false }),
      (problem) => !stop.signal.aborted && setState({ problem, loading: false }),
    );
    return () => stop.abort();
  }, keys);
  return state;
}

/** Keys outside of text fields: `actions` by the event's key. */
export function useKeys(actions) {
  const latest = useRef(actions);
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
