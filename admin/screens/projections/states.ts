/** States and results by partition, as far as a page shows them; the API has all of each. */
import type { PartitionShown } from "../../../src/projections/asking/partitions.ts";
import { type Html, html, type Part } from "../../html.ts";
import { visible } from "../../parts/visible.ts";

const STATE_CHARACTERS = 2000;
/** The only partition of a query that has none. */
export const THE_WHOLE = "the whole";

/** @param nameOf how the name of a partition is shown */
export function stateRows(
	partitions: readonly PartitionShown[],
	nameOf: (partition: string) => Part = plainName,
): Html[] {
	return partitions.map(({ partition, state, result }) => {
		const made =
			result !== undefined &&
			result !== state &&
			html`<dd class="made"><span class="hint">result</span>${code("Result", result)}</dd>`;
		return html`<dt>${nameOf(partition)}</dt><dd>${code("State", state ?? "")}</dd>${made}`;
	});
}

function plainName(partition: string): Part {
	return html`<span class="mono">${visible(partition === "" ? THE_WHOLE : partition)}</span>`;
}

function code(label: string, text: string): Html {
	const shown = text.length <= STATE_CHARACTERS ? text : `${text.slice(0, STATE_CHARACTERS)}…`;
	return html`<pre class="code" tabindex="0" aria-label="${label}">${visible(shown)}</pre>`;
}
