/**
 * HTML as it is written on the screens: a template escapes each value, unless that is HTML itself.
 * So nothing that a client sent can become markup, wherever it stands.
 */
import { html as template } from "hono/html";

/** Made by `html` alone. */
export type Html = { readonly isEscaped: true; toString(): string };

/** What a template takes: nothing is shown of `undefined`, `false` and `null`. */
export type Part = Html | string | number | boolean | undefined | null | readonly Part[];

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
	// Only a promise among the parts would make a promise of it, and `Part` has none.
	return template(strings, ...parts) as unknown as Html;
}
