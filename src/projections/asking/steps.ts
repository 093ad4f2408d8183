/** What single events do to a projection: its states before and after each of them. */
import type { Definition } from "../definition.ts";
import type { Fault, Outcome, ScriptEvent } from "../script/script.ts";
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

/**
 * @param from the position of the first event to show
 * @throws ScriptFault, Refusal `replay-too-long`, `projection-author-gone`, and as a read
 */
export async function debug(
	parts: ReplayParts,
	definition: Definition,
	{ from, count }: { readonly from: number; readonly count: number },
	signal: AbortSignal,
): Promise<Debugged> {
	const replay = await Replay.open(parts, definition, undefined, signal);
	try {
		await replay.to(from);
		const { events, outcome } = await replay.step(count);
		const steps = stepsOf(events, outcome);
		const isOver = events.length === 0 || replay.isOver || outcome.fault !== undefined;
		return { steps, next: isOver ? undefined : replay.next, fault: outcome.fault };
	} finally {
		await replay.close();
	}
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
