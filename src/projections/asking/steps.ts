/** What single events do to a projection: its states before and after each of them. */
import type { Author, Definition } from "../definition.ts";
import { type Fault, type Outcome, type ScriptEvent, ScriptFault } from "../script/script.ts";
import { ANSWER_BYTES_MAX } from "./bounds.ts";
import { Replay, type ReplayParts } from "./replay.ts";

export type DebuggedStep = SteppedEvent & {
	readonly partition: string;
	/** The key of `when` that took the event. */
	readonly handler: string;
	/** JSON. */
	readonly before: string;
	readonly after: string;
	readonly result: string | undefined;
	readonly emitted: readonly { stream: string; type: string; data: string }[];
	readonly log: readonly string[];
};

export type SteppedEvent = {
	readonly position: number;
	readonly stream: string;
	readonly number: number;
	readonly type: string;
};

export type Debugged = {
	readonly steps: readonly DebuggedStep[];
	/** Where to go on; undefined if nothing is left. */
	readonly next: number | undefined;
	readonly fault: Fault | undefined;
};

/** What is asked for. */
type Range = {
	/** The position of the first event to show. */
	readonly from: number;
	readonly count: number;
	readonly asker: Author;
};

/**
 * Single events are for those who may read them: whoever asks, not whoever wrote the query. For its
 * author it begins with the nearest states that the projection keeps, if one of its steps has all
 * of them: then a look at the newest of a million events is no wait. It ends early if the states
 * are large: see `ANSWER_BYTES_MAX`.
 * @throws Refusal `replay-too-long`, `projection-author-gone`, and as a read
 */
export async function debug(
	parts: ReplayParts,
	definition: Definition,
	range: Range,
	signal: AbortSignal,
): Promise<Debugged> {
	try {
		return await stepsIn(parts, definition, range, signal);
	} catch (error) {
		// Its body faults before any event: what it may take has become less, or memory is short.
		if (error instanceof ScriptFault) return onlyFault(error.fault);
		throw error;
	}
}

async function stepsIn(
	parts: ReplayParts,
	definition: Definition,
	{ from, count, asker }: Range,
	signal: AbortSignal,
): Promise<Debugged> {
	const keptBefore = isSame(asker, definition.author) ? from : 0;
	const asked = { ...definition, author: asker };
	const replay = await Replay.open(parts, asked, undefined, signal, keptBefore);
	try {
		const before = await replay.to(from);
		if (before) return onlyFault(before);
		const steps: DebuggedStep[] = [];
		let bytes = 0;
		// One by one: what a script says of a few events can be more than an answer may hold.
		for (let ran = 0; ran < count && bytes < ANSWER_BYTES_MAX; ran++) {
			const { events, outcome } = await replay.step(1);
			const shown = stepsOf(events, outcome);
			steps.push(...shown);
			for (const step of shown) bytes += sizeOf(step);
			const isOver = events.length === 0 || replay.isOver || outcome.fault !== undefined;
			if (isOver) return { steps, next: undefined, fault: outcome.fault };
		}
		return { steps, next: replay.next, fault: undefined };
	} finally {
		await replay.close();
	}
}

/** Whether two read the same: others would see states that are made of other events. */
function isSame(asker: Author, author: Author): boolean {
	return asker.login === author.login && asker.scope === undefined && author.scope === undefined;
}

function sizeOf({ before, after, result = "", emitted, log }: DebuggedStep): number {
	const texts = [before, after, result, ...emitted.map(({ data }) => data), ...log];
	return texts.reduce((sum, { length }) => sum + length, 0);
}

function onlyFault(fault: Fault): Debugged {
	return { steps: [], next: undefined, fault };
}

function stepsOf(events: readonly ScriptEvent[], outcome: Outcome): DebuggedStep[] {
	return (outcome.steps ?? []).flatMap((step) => {
		const event = events[step.event];
		if (event === undefined) return [];
		const { position, stream, number, type } = event;
		const { partition, handler, before, after, result } = step;
		const emitted = outcome.emitted
			.filter((each) => each.event === step.event)
			.map((each) => ({ stream: each.stream, type: each.type, data: each.data }));
		const log = outcome.log.filter((line) => line.event === step.event).map(({ text }) => text);
		return [
			{ position, stream, number, type, partition, handler, before, after, result, emitted, log },
		];
	});
}
