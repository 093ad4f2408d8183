/** `varve copy`: makes one store a copy of another, event for event, whatever keeps them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { addSubtree, rootOf } from "../../../feeds/proof/frontier.ts";
import { DEFAULT_LOG_LIMITS } from "../../log/log.ts";
import type { LogMoves } from "../../log/moving/moves.ts";
import type { CopySource } from "../../log/moving/source.ts";
import type { OpenedLog } from "../../log/open.ts";
import { isStoreAddress, storeShown } from "../../log/postgres/address.ts";
import type { Arguments } from "../../options.ts";
import { interruptible } from "../directory/backup.ts";
import { Failure } from "../explain.ts";
import { count } from "../output/progress.ts";
import { report } from "../output/standard.ts";
import { EXIT, optionalText, type Verb } from "../verb.ts";

const place = {
	kind: "text",
	default: undefined,
	placeholder: "PLACE",
	shown: storeShown,
	holdsSecret: (value: string) => isStoreAddress(value) && storeShown(value) !== value,
} as const;

export const copy: Verb = {
	name: "copy",
	summary: "Copy a store between SQLite and PostgreSQL",
	operands: [],
	purpose: `Makes the store in one place a copy of the store in another. A place is a data
		directory, or a database such as postgres://varve@db.example/varve. Each event keeps its
		position, id, time, bytes and hash; what was erased stays erased, with its digests. So the
		trees over both have the same root, which the command checks. The source may be in use.
		Interrupted, or run again later, it goes on with what is new. The target must be empty or the
		beginning of the source, and no server may append to it meanwhile: it would not be a copy any
		more, and the command says so. The copy signs with a key of its own.`,
	options: [
		{ ...place, name: "from", flag: "from", help: "The store to copy." },
		{ ...place, name: "to", flag: "to", help: "The store that becomes the copy." },
	],
	examples: [
		"varve copy --from ./data --to postgres://varve@db.example/varve",
		"varve copy --from postgres://varve@db.example/varve --to /mnt/copy",
	],
	run,
};

async function run({ values }: Arguments): Promise<number> {
	const from = placeOf(optionalText(values, "from"), "--from");
	const to = placeOf(optionalText(values, "to"), "--to");
	const { openSource } = await import("../../log/open.ts");
	return interruptible(async (signal, show) => {
		const source = await openSource(from);
		try {
			const { size } = await source.end();
			let done = 0;
			show({ events: () => done, fraction: () => done / Math.max(1, size) });
			const { log, tree, moves } = await openTarget(to);
			try {
				const copied = await copyEvents(source, moves, signal, (events) => {
					done = events;
				});
				return () => told(to, copied);
			} finally {
				tree.close();
				moves.close();
				await log.close();
			}
		} finally {
			await source.close();
		}
	});
}

/** What a node keeps beside a database says nothing of one that is copied once. */
async function openTarget(to: string): Promise<OpenedLog> {
	const { openLog } = await import("../../log/open.ts");
	if (!isStoreAddress(to)) return openLog(to, DEFAULT_LOG_LIMITS);
	const directory = mkdtempSync(join(tmpdir(), "varve-copy-"));
	process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
	return openLog(directory, DEFAULT_LOG_LIMITS, { store: to });
}

type Copied = { readonly events: number; readonly added: number };

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

function told(to: string, { events, added }: Copied): number {
	const what = `${count(events)} events, ${count(added)} of them new`;
	report(`copied to ${storeShown(to)}: ${what}; the trees have the same root\n`);
	return EXIT.done;
}

function placeOf(given: string | undefined, flag: string): string {
	if (given === undefined) {
		throw new Failure(`${flag} is missing: name a data directory or a database`, EXIT.usage);
	}
	return isStoreAddress(given) ? given : resolve(given);
}
