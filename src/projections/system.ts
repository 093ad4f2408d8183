/**
 * The five projections that every store of the contract has (6.2). The log does their work itself:
 * it writes the index entries of an event with the event. So they always run and never lag. Clients
 * may ask to stop them; that is noted, and said of them, and changes nothing.
 */
import type { StreamName } from "../event.ts";
import { parseObject } from "./json.ts";
import { jsonEvent, type OwnLog } from "./keeping/own-log.ts";
import { definitionStream } from "./names.ts";
import { tagOf } from "./source/tags.ts";
import { NO_WORK, type Standing } from "./status.ts";

export type SystemProjection = {
	readonly name: string;
	/** What clients of the contract know it by. */
	readonly type: string;
	readonly query: string;
	/** The streams that the log writes in its place. */
	readonly streams: string;
};

const STANDARD = "native:EventStore.Projections.Core.Standard";

export const SYSTEM_PROJECTIONS: readonly SystemProjection[] = [
	{
		name: "$streams",
		type: `${STANDARD}.IndexStreams`,
		query: "",
		streams: "$streams",
	},
	{
		name: "$stream_by_category",
		type: `${STANDARD}.CategorizeStreamByPath`,
		query: "first\n-",
		// The list of streams has them by category; see docs/projections.md.
		streams: "$ce-…",
	},
	{
		name: "$by_category",
		type: `${STANDARD}.CategorizeEventsByStreamPath`,
		query: "first\n-",
		streams: "$ce-…",
	},
	{
		name: "$by_event_type",
		type: `${STANDARD}.IndexEventsByEventType`,
		query: "",
		streams: "$et-…",
	},
	{
		name: "$by_correlation_id",
		type: `${STANDARD}.ByCorrelationId`,
		query: '{"correlationIdProperty":"$correlationId"}',
		streams: "$bc-…",
	},
];

/** What is answered to somebody who asks to stop one. */
export const NEVER_STOPS =
	"The log writes this index with each event, so it goes on: stopping it changes nothing.";

export function systemProjection(name: string): SystemProjection | undefined {
	return SYSTEM_PROJECTIONS.find((one) => one.name === name);
}

export class SystemProjections {
	readonly #own: OwnLog;

	constructor(own: OwnLog) {
		this.#own = own;
	}

	/** Notes what somebody has asked for. */
	async note(name: string, isEnabled: boolean): Promise<void> {
		if ((await this.isEnabled(name)) === isEnabled) return;
		await this.#own.append(streamOf(name), [jsonEvent("$ProjectionUpdated", { isEnabled })]);
	}

	async isEnabled(name: string): Promise<boolean> {
		const slice = await this.#own.read(streamOf(name), "head", 1);
		const newest = slice?.entries[0]?.event;
		return newest === undefined || parseObject(newest.data)?.isEnabled !== false;
	}

	/** @param end the first position beyond the log */
	async standing({ name }: SystemProjection, end: number): Promise<Standing> {
		const isEnabled = await this.isEnabled(name);
		const position = tagOf({ next: end, cursors: {} }, true);
		return {
			name,
			mode: "Continuous",
			// What was asked for, and what is so.
			status: isEnabled ? "Running" : "Stopped/Running",
			reason: isEnabled ? "" : NEVER_STOPS,
			fault: undefined,
			isSystem: true,
			isEnabled,
			author: "",
			version: 1,
			epoch: -1,
			progress: { next: end, end, lag: 0, position, lastCheckpoint: position, handled: end },
			work: NO_WORK,
			resultStream: undefined,
			candidate: undefined,
		};
	}
}

function streamOf(name: string): StreamName {
	return definitionStream(name);
}
