/** The parts of a verification that threads do side by side, and their messages. */
import type Database from "better-sqlite3";
import { compareEntries } from "../../verify/compare.ts";
import { type CheckedEntries, checkEntries } from "../../verify/entries.ts";
import { type CheckedBlock, checkEvents } from "../../verify/events.ts";
import { checkUpperNodes } from "../../verify/nodes.ts";
import type { Span } from "../../verify/sums.ts";
import {
	createReport,
	type LogView,
	type Part,
	type Report,
	reporting,
} from "../../verify/view.ts";
import * as sql from "../statements.ts";

export type Job =
	| { readonly kind: "size" }
	| { readonly kind: Part }
	| { readonly kind: "entries"; readonly size: number }
	| { readonly kind: "events"; readonly block: Span }
	| { readonly kind: "nodes"; readonly size: number }
	| { readonly kind: "compare"; readonly spans: readonly Span[] };

export type Outcome = {
	readonly faults: readonly string[];
	readonly size?: number;
	readonly entries?: CheckedEntries;
	readonly block?: CheckedBlock;
};

/** A message of a thread: its progress, or the outcome of its job. */
export type Message = { readonly entries: number } | { readonly outcome: Outcome };

/** @param post called with the progress now and then */
export async function doJob(
	database: Database.Database,
	view: LogView,
	job: Job,
	post: (message: Message) => void,
): Promise<Outcome> {
	const { faults, report } = createReport();
	let found: Omit<Outcome, "faults"> = {};
	await reporting(report, nameOf(job), async () => {
		if (isOfOneMoment(job)) database.exec(sql.BEGIN_READ);
		found = await find(view, job, report, post);
	});
	if (database.inTransaction) database.exec(sql.ROLLBACK);
	return { faults, ...found };
}

async function find(
	view: LogView,
	job: Job,
	report: Report,
	post: (message: Message) => void,
): Promise<Omit<Outcome, "faults">> {
	switch (job.kind) {
		case "size":
			return { size: view.size() };
		case "files":
		case "notes":
			for (const fault of await view.faults(job.kind)) report(fault);
			return {};
		case "entries":
			return {
				entries: await checkEntries(view, job.size, report, (entries) => post({ entries })),
			};
		case "events":
			return { block: await checkEvents(view, job.block, report) };
		case "nodes":
			checkUpperNodes(view, job.size, report);
			return {};
		case "compare":
			await compareEntries(view, job.spans, report);
			return {};
	}
}

/** The entries go on growing while they are read, and may. */
function isOfOneMoment({ kind }: Job): boolean {
	return kind !== "entries";
}

function nameOf(job: Job): string {
	if (job.kind !== "events") return job.kind;
	return `positions ${job.block.from} to ${job.block.to - 1}`;
}
