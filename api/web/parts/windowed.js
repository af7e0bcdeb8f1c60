// Windowed list: of many rows of one height only those near the view are made.
import { html, useEffect, useRef, useState } from "../core/app.js";

const MARGIN = 800;

/**
 * `row(at)` makes a row. The list scrolls with the page, or, `within`, in a box of its own,
 * across where `across` is set. `onEnd` is called when its end comes near.
 */
export function Windowed({ count, size, row, onEnd, within = false, across = false, ...rest }) {
  const element = useRef();
  const [[first, last], setRange] = useState([0, 40]);

  useEffect(() => {
    const list = element.current;
    const scroller = within ? list.parentElement : window;
    let waiting = 0;
    const look = () => {
      waiting = 0;
      const box = list.getBoundingClientRect();
      const frame = within ? list.parentElement.getBoundingClientRect() : null;
      const start = across ? (frame?.left ?? 0) - box.left : (frame?.top ?? 0) - box.top;
      const room = frame ? (across ? frame.width : frame.height) : across ? innerWidth : innerHeight;
      const from = Math.max(0, Math.floor((start - MARGIN) / size));
      const to = Math.min(count, Math.ceil((start + room + MARGIN) / size));
      setRange((before) => (before[0] === from && before[1] === to ? before : [from, to]));
      if (to >= count) onEnd?.();
    };
    const later = () => (waiting ||= requestAnimationFrame(look));
    look();
    scroller.addEventListener("scroll", later, { passive: true });
    addEventListener("resize", later);
    return () => {
      scroller.removeEventListener("scroll", later);
      removeEventListener("resize", later);
      cancelAnimationFrame(waiting);
    };
  }, [count, size, onEnd]);

  const rows = [];
  for (let at = first; at < Math.min(last, count); at++) rows.push(row(at));
  const length = `${count * size}px`;
  const offset = `${first * size}px`;
  const style = across
    ? { width: length, paddingLeft: offset }
    : { height: length, paddingTop: offset };
  return html`<ul ref=${element} style=${style} ...${rest}>${rows}</ul>`;
}
