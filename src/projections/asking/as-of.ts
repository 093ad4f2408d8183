/** The state of a partition as of a moment of the past. */
import { Refusal } from "../../errors.ts";
import { ALL, type StreamName } from "../../event.ts";
import { findMoment } from "../../pages/moment.ts";
import type { Definition } from "../definition.ts";
import type { OwnLog } from "../keeping/own-log.ts";
import { type Fault, ScriptFault } from "../script/script.ts";
import { describeFault } from "../status.ts";
import { Replay, type ReplayParts } from "./replay.ts";

/** A moment, as `?as-of=` says it. */
export type Moment =
	/** The number of an event of the partition, if that is a stream. */
	| { readonly kind: "version"; readonly version: number }
	| { readonly kind: "position"; readonly position: number }
	/** The first millisecond, since 1970, that does not belong to it any more. */
	| { readonly kind: "time"; readonly before: number };

export type StateThen = {
	readonly state: string | undefined;
	readonly result: string | undefined;
	readonly tag: string;
};

/**
 * The first position that does not belong to a moment any more.
 * @throws Refusal `event-not-found`, `position-not-reached`: what it will be, nobody knows yet
 */
export async function endOf(own: OwnLog, moment: Moment, partition: string): Promise<number> {
	switch (moment.kind) {
		case "position": {
			const { position } = moment;
			const last = Number(await own.log.last(ALL));
			if (position <= last) return position + 1;
			throw new Refusal("position-not-reached", { position, last, retryAfterSeconds: 1 });
		}
		case "time":
			return Number((await findMoment(own.log, ALL, moment.before)).first);
		case "version": {
			const { version } = moment;
			const stream = partition as StreamName;
			const slice = partition === "" ? undefined : await own.read(stream, version, 1);
			const entry = slice?.entries[0];
			if (entry) return Number((entry.link ?? entry.event).position) + 1;
			throw new Refusal("event-not-found", { stream: partition, eventNumber: version });
		}
	}
}

/**
 * @throws Refusal `replay-faulted`, `replay-too-long`, `projection-author-gone`, and as a read
 */
export async function stateThen(
	parts: ReplayParts,
	definition: Definition,
	{ before, partition }: { readonly before: number; readonly partition: string },
	signal: AbortSignal,
): Promise<StateThen> {
	const opening = Replay.open(parts, definition, partition, signal, before);
	const replay = await opening.catch((error) => {
		throw error instanceof ScriptFault ? faulted(definition.name, error.fault) : error;
	});
	try {
		const fault = await replay.to(before);
		if (fault) throw faulted(definition.name, fault);
		return { ...(await replay.look(partition)), tag: replay.tag };
	} finally {
		await replay.close();
	}
}

/** A query that faults on its way to a moment has no state there, whatever was before. */
function faulted(projection: string, fault: Fault): Refusal {
	const { event } = fault;
	const place = event === undefined ? {} : { position: event.position };
	return new Refusal("replay-faulted", { projection, reason: describeFault(fault), ...place });
}
