/**
 * Every invariant of a log, checked against what an engine has stored, with no table in memory: ten
 * million events need no more room than ten.
 *
 *     events   ─▶ dense, dated, what was appended (leaf hashes), and the tree above them
 *         └─ sums of the entries they must have ┐
 *     entries  ─▶ dense, rising                 ├▶ equal, or the difference is looked for by name
 *         └─ sums of the entries there are ─────┘
 *     the engine's own files and notes
 *
 * The parts rest on nothing of each other but their sums, so an engine may do them side by side.
 */
import { addSubtree, createFrontier, rootOf } from "../../../feeds/proof/frontier.ts";
import { levelWidth, TILE_WIDTH } from "../../../feeds/proof/tiles.ts";
import type { Verification } from "../log.ts";
import { checkEntries, compareEntries } from "./entries.ts";
import { BLOCK_EVENTS, checkEvents } from "./events.ts";
import { addSums, createSums, differences, type Span } from "./sums.ts";
import { createReport, type LogView, PARTS, type Report } from "./view.ts";

export function verify(view: LogView): Verification {
	const { faults, report } = createReport();
	const size = view.size();
	const owed = createSums({ from: 0, to: size });
	const order = createOrderCheck(report);
	let [events, erased] = [0, 0];
	for (const part of PARTS) for (const fault of view.faults(part)) report(fault);
	for (const block of blocksOf(size)) {
		const checked = checkEvents(view, block, report);
		order(block, checked);
		addSums(owed, checked.sums);
		events += checked.events;
		erased += checked.erased;
	}
	const { sums, streams, unproven } = checkEntries(view, size, report);
	const spans = differences(owed, sums);
	if (spans.length > 0) compareEntries(view, spans, report);
	checkUpperNodes(view, size, report);
	return { ok: faults.length === 0, events, streams, erased, unproven, faults };
}

/** The blocks that events are checked in. */
export function blocksOf(size: number): Span[] {
	return Array.from({ length: Math.ceil(size / BLOCK_EVENTS) }, (_, block) => ({
		from: block * BLOCK_EVENTS,
		to: Math.min((block + 1) * BLOCK_EVENTS, size),
	}));
}

/** Checks that no block has an event from before the block in front of it. */
export function createOrderCheck(report: Report) {
	let created = 0;
	return ({ from }: Span, block: { firstCreated: number; lastCreated: number }): void => {
		if (block.firstCreated < created) {
			report(`position ${from}: created before the event in front of it`);
		}
		created = Math.max(created, block.lastCreated);
	};
}

/** Checks the nodes from level 2 on against those below; level 1 is checked with the events. */
export function checkUpperNodes(view: LogView, size: number, report: Report): void {
	if (!view.nodes) return;
	for (let level = 2; levelWidth(size, level) > 0; level++) {
		for (let number = 0; number < levelWidth(size, level); number++) {
			const below = view.nodes(level - 1, number * TILE_WIDTH, (number + 1) * TILE_WIDTH);
			const frontier = createFrontier();
			for (const node of below) addSubtree(frontier, node, 0);
			const node = view.nodes(level, number, number + 1)[0];
			if (node && below.length === TILE_WIDTH && rootOf(frontier).equals(node)) continue;
			report(`node ${number} of level ${level} is not the root of those below it`);
		}
	}
}
