/** The core: a stream drawn as a strip of layers, one an event, coloured by type. */
import { type Html, html } from "../html.ts";
import type { Hues } from "./hues.ts";

type Run = { readonly hue: number; readonly from: number; readonly length: number };

/** @param types of the events, oldest first; drawn from left to right */
export function strip(types: readonly string[], hues: Hues): Html {
	const layers = runsOf(types, hues).map(
		({ hue, from, length }) =>
			html`<rect class="f${hue}" x="${from}" y="0" width="${length}" height="1"/>`,
	);
	const width = Math.max(types.length, 1);
	return html`<svg viewBox="0 0 ${width} 1" preserveAspectRatio="none" aria-hidden="true">${layers}</svg>`;
}

/** What the core of a stream shows: the types of its layers, and which are on the screen. */
export type Core = {
	/** The newest layer first. */
	readonly types: readonly string[];
	/** The layers that the rows show, from the newest. */
	readonly shownFrom: number;
	readonly shownTo: number;
	/** The number of the stream's newest event, and how many events one layer stands for. */
	readonly last: number;
	readonly eventsPerLayer: number;
};

/** Down the side of a table; a click leads to the events of its layer. */
export function coreOf(
	{ types, shownFrom, shownTo, last, eventsPerLayer }: Core,
	hues: Hues,
): Html {
	const layers = runsOf(types, hues).map(
		({ hue, from, length }) =>
			html`<rect class="f${hue}" x="0" y="${from}" width="8" height="${length}"/>`,
	);
	const height = Math.max(types.length, 1);
	const frame = html`<rect class="here" x="0" y="${shownFrom}" width="8" height="${Math.max(shownTo - shownFrom, 0.5)}" vector-effect="non-scaling-stroke"/>`;
	return html`<div class="core" data-last="${last}" data-layer="${eventsPerLayer}" aria-hidden="true"><svg viewBox="0 0 8 ${height}" preserveAspectRatio="none">${layers}${frame}</svg></div>`;
}

function runsOf(types: readonly string[], hues: Hues): Run[] {
	const runs: { hue: number; from: number; length: number }[] = [];
	for (const [at, type] of types.entries()) {
		const hue = hues.get(type) ?? 0;
		const run = runs.at(-1);
		if (run?.hue === hue) run.length++;
		else runs.push({ hue, from: at, length: 1 });
	}
	return runs;
}
