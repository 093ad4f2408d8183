/** Copies a whole store, event for event, and goes on with a copy that was begun. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addSubtree, rootOf } from "../../../feeds/proof/frontier.ts";
import { DEFAULT_LOG_LIMITS } from "../../log/log.ts";
import type { LogMoves } from "../../log/moving/moves.ts";
import type { CopySource } from "../../log/moving/source.ts";
import type { OpenedLog } from "../../log/open.ts";
import { isStoreAddress } from "../../log/postgres/address.ts";
import { Failure } from "../explain.ts";
import type { Measure } from "../output/progress.ts";

export type Copied = { readonly events: number; readonly added: number };

/** @param show is given what measures the progress */
export async function copyStore(
	from: string,
	to: string,
	signal: AbortSignal,
	show: (measure: Measure) => void,
): Promise<Copied> {
	const { openSource } = await import("../../log/open.ts");
	const source = await openSource(from);
	try {
		const { size } = await source.end();
		let done = 0;
		show({ events: () => done, fraction: () => done / Math.max(1, size) });
		const { log, tree, moves } = await openTarget(to);
		try {
			return await copyEvents(source, moves, signal, (events) => {
				done = events;
			});
		} finally {
			tree.close();
			moves.close();
			await log.close();
		}
	} finally {
		await source.close();
	}
}

/** What a node keeps beside a database says nothing of one that is copied once. */
async function openTarget(to: string): Promise<OpenedLog> {
	const { openLog } = await import("../../log/open.ts");
	if (!isStoreAddress(to)) return openLog(to, DEFAULT_LOG_LIMITS);
	const directory = mkdtempSync(join(tmpdir(), "varve-copy-"));
	process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
	return openLog(directory, DEFAULT_LOG_LIMITS, { store: to });
}

async function copyEvents(
	source: CopySource,
	target: LogMoves,
	signal: AbortSignal,
	onEvents: (events: number) => void,
): Promise<Copied> {
	let next = Number(await target.size());
	const { size } = await source.end();
	if (next > size) {
		throw new Failure(`the target has ${next} events, and the source ${size}: it is no copy of it`);
	}
	const frontier = await source.frontierAt(next);
	let added = 0;
	for (;;) {
		signal.throwIfAborted();
		const events = await source.events(next);
		const span = { from: next, root: rootOf(frontier), events };
		if (events.length === 0) {
			// The root of all, and the number of the history that the source has now.
			const { incarnation } = await source.end();
			await target.import({ ...span, incarnation });
			return { events: next, added };
		}
		const imported = await target.import({ ...span, incarnation: 1 });
		added += imported.written;
		for (const { hash } of events) addSubtree(frontier, hash, 0);
		next += events.length;
		onEvents(next);
	}
}
