// Preact with htm's templates in place of JSX.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
export { render } from "preact";
export * from "preact/hooks";
