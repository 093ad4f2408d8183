/**
 * The log keeps groups as events, so that they are backed up, verified and seen like any other:
 *
 *     $consumergroup-<name>    $GroupDefined, $GroupCheckpoint, $GroupReset; the newest counts, and
 *                              only it is shown: each says all there is to know
 *
 * Each write expects the version that its writer knows. So of two servers that serve one group, the
 * one that writes first goes on, and the other one learns that it knows too little.
 */
import { randomUUID } from "node:crypto";
import { isRefusal } from "../errors.ts";
import type { NewEvent, RecordedEvent, StreamName } from "../event.ts";
import type { Log } from "../log/log.ts";
import { metadataStream } from "../retention/window.ts";
import { type Definition, groupStream, PARTITIONS_MAX, parseDefinition } from "./definition.ts";
import type { Layout } from "./steps/state.ts";

/** A group as the log has it. */
export type Stored = Kept & {
	readonly name: string;
	/** The number of the event that says so. */
	readonly version: number;
};

/** What an event of a group says. */
export type Kept = {
	readonly definition: Definition;
	/** It rises with each definition, and no group of before had it: milliseconds since 1970. */
	readonly edition: number;
	/** The longest lease that the group ever had: members of before may have it. */
	readonly leaseMsMax: number;
	readonly layout: Layout;
	readonly next: Layout | undefined;
	/** No generation from this one on was given out. */
	readonly generationsBefore: number;
	/** By the number of the partition: everything up to there is handled; -1 for nothing. */
	readonly checkpoints: readonly number[];
};

export type Reason = "$GroupDefined" | "$GroupCheckpoint" | "$GroupReset";

const NAMES_A_READ = 500;
const NOTHING = new Uint8Array(0);
const NEWEST_ONLY = Buffer.from('{"$maxCount":1}');
const NEWEST = { from: "head", limit: 1, direction: "backward", content: true } as const;

export class GroupStore {
	readonly #log: Log;

	constructor(log: Log) {
		this.#log = log;
	}

	/** The names of all groups that ever were. */
	async names(): Promise<string[]> {
		const prefix = groupStream("");
		const before = `${prefix.slice(0, -1)}.`;
		const names: string[] = [];
		for (let from: string = prefix; ; ) {
			const found = await this.#log.names({ from, before, limit: NAMES_A_READ });
			names.push(...found.map((stream) => stream.slice(prefix.length)));
			const last = found.at(-1);
			if (last === undefined || found.length < NAMES_A_READ) return names;
			// Nothing is between a name and the same name with NUL behind it.
			from = `${last}\0`;
		}
	}

	/** @returns undefined if there is no group of this name */
	async read(name: string): Promise<Stored | undefined> {
		try {
			const { entries } = await this.#log.read({ stream: groupStream(name), ...NEWEST });
			const [newest] = entries;
			return newest && storedIn(name, newest.event);
		} catch (error) {
			if (isRefusal(error, "stream-deleted")) return undefined;
			throw error;
		}
	}

	/**
	 * @param version of the newest event of the group, as the caller knows it; -1 for none
	 * @returns the number of the new one
	 * @throws Refusal `wrong-expected-version` if somebody else has written, and as an append
	 */
	async write(name: string, kept: Kept, version: number, reason: Reason): Promise<number> {
		const stream = groupStream(name);
		const expected = version < 0 ? "no-stream" : version;
		const { first } = await this.#log.append({
			stream,
			expected,
			events: [json(reason, factsOf(kept))],
		});
		return first;
	}

	/** The number of the newest event, whatever it says; -1 for none. */
	last(name: string): Promise<number> {
		return this.#log.last(groupStream(name));
	}

	/**
	 * Makes the stream of a group show its newest event only.
	 * @returns false if it does already: there was a group of this name before
	 */
	async describe(name: string): Promise<boolean> {
		const stream = metadataStream(groupStream(name));
		if ((await this.#log.last(stream)) >= 0) return false;
		const event = json("$metadata", NEWEST_ONLY);
		await this.#log.append({ stream, expected: "any", events: [event] });
		return true;
	}

	async remove(name: string): Promise<void> {
		await this.#log.delete({ stream: groupStream(name), expected: "any", hard: false });
	}

	/** The last number of a stream; -1 for none, or if it was deleted. */
	async lastOf(stream: StreamName): Promise<number> {
		try {
			return await this.#log.last(stream);
		} catch (error) {
			if (isRefusal(error, "stream-deleted")) return -1;
			throw error;
		}
	}
}

/** A group that goes on at a number. */
export function keptFrom({ layout, next, ...kept }: Kept, from: number): Kept {
	const checkpoints = kept.checkpoints.map(() => from - 1);
	return { ...kept, layout: { ...layout, from }, next: next && { ...next, from }, checkpoints };
}

function factsOf({ definition, ...kept }: Kept): Buffer {
	return Buffer.from(JSON.stringify({ ...definition, ...kept }));
}

function json(type: string, data: Buffer): NewEvent {
	return { id: randomUUID(), type, isJson: true, data, metadata: NOTHING };
}

/** Whoever may write to the stream may have written anything: what makes no sense is no group. */
function storedIn(name: string, { data, version }: RecordedEvent): Stored | undefined {
	try {
		const { edition, leaseMsMax, layout, next, generationsBefore, checkpoints, ...given } =
			JSON.parse(Buffer.from(data).toString());
		const definition = parseDefinition(new Map(Object.entries(given)));
		const isWhole = [edition, leaseMsMax, generationsBefore].every(isNumber);
		const isSane = isWhole && isLayout(layout) && (next === undefined || isLayout(next));
		if (!isSane || !Array.isArray(checkpoints) || checkpoints.length !== layout.partitions) return;
		if (!checkpoints.every((at) => Number.isSafeInteger(at) && at >= -1)) return;
		const kept = { edition, leaseMsMax, layout, next, generationsBefore, checkpoints };
		return { name, version, definition, ...kept };
	} catch (error) {
		if (isRefusal(error) || error instanceof SyntaxError || error instanceof TypeError) return;
		throw error;
	}
}

function isNumber(value: unknown): boolean {
	return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isLayout(value: unknown): value is Layout {
	const { partitions, from } = (value ?? {}) as Partial<Layout>;
	const count = isNumber(partitions) ? (partitions as number) : 0;
	return count >= 1 && count <= PARTITIONS_MAX && isNumber(from);
}
