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
 * The parts share only their sums, so an engine may do them side by side.
 */
import type { Verification } from "../log.ts";
import { compareEntries } from "./compare.ts";
import { checkEntries } from "./entries.ts";
import { checkEvents } from "./events.ts";
import { checkUpperNodes } from "./nodes.ts";
import { differences } from "./sums.ts";
import { blocksOf, EventTotals } from "./totals.ts";
import { createReport, type LogView, PARTS } from "./view.ts";

export async function verify(view: LogView): Promise<Verification> {
	const { faults, report } = createReport();
	const size = view.size();
	const totals = new EventTotals(size, report);
	for (const part of PARTS) for (const fault of await view.faults(part)) report(fault);
	for (const block of blocksOf(size)) totals.add(block, await checkEvents(view, block, report));
	const { sums, streams, unproven } = await checkEntries(view, size, report);
	const spans = differences(totals.sums, sums);
	if (spans.length > 0) await compareEntries(view, spans, report);
	checkUpperNodes(view, size, report);
	const { events, erased } = totals;
	return { ok: faults.length === 0, events, streams, erased, unproven, faults };
}
