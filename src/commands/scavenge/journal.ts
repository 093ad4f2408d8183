/**
 * The record of scavenges, as events: a stream for each run, and links to its start and its end in
 * the list of runs (contract 6.3). So clients read it like any stream, and a restarted server knows
 * the result of the last run.
 *
 *     $scavenges         $> 0@$scavenges-<id>    $> 9@$scavenges-<id>
 *     $scavenges-<id>    $scavengeStarted  $scavengeChunksCompleted …  $scavengeCompleted
 */
import { randomUUID } from "node:crypto";
import { isRefusal } from "../../errors.ts";
import type { NewEvent, StreamName } from "../../event.ts";
import { LINK_TYPE } from "../../indexes/links.ts";
import type { Log } from "../../log/log.ts";
import { untilUnlocked } from "./patience.ts";

/** `Interrupted` is a run whose server stopped before the run did. */
export type Result = "Success" | "Stopped" | "Errored" | "Interrupted";

/** A run, according to its stream; without a result it is not over. */
export type Run = { readonly id: string; readonly result?: Result };

const SCAVENGES = "$scavenges" as StreamName;
const STARTED = "$scavengeStarted";
const CHUNKS_COMPLETED = "$scavengeChunksCompleted";
const COMPLETED = "$scavengeCompleted";
const RESULTS: readonly unknown[] = ["Success", "Stopped", "Errored", "Interrupted"];
const NEWEST = { from: "head", limit: 1, direction: "backward", content: true } as const;
const RUN_ID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
/** A locked log refuses at once. */
const NO_PATIENCE = AbortSignal.abort();
const NOTHING = new Uint8Array(0);

export class Journal {
	readonly #log: Log;
	readonly #node: string;

	/** @param node the address of this server, which each event holds */
	constructor(log: Log, node: string) {
		this.#log = log;
		this.#node = node;
	}

	started(id: string, options: object): Promise<void> {
		return this.#writeLinked(id, STARTED, options, NO_PATIENCE);
	}

	/** @param patience until it is aborted, a locked log makes the call wait */
	async progress(id: string, facts: object, patience: AbortSignal): Promise<void> {
		await this.#write(id, CHUNKS_COMPLETED, facts, patience);
	}

	/** @param patience as of `progress` */
	completed(id: string, result: Result, facts: object, patience = NO_PATIENCE): Promise<void> {
		return this.#writeLinked(id, COMPLETED, { result, ...facts }, patience);
	}

	/** The newest run; undefined if the list does not lead to one. */
	async newest(): Promise<Run | undefined> {
		try {
			const [link] = (await this.#log.read({ stream: SCAVENGES, ...NEWEST })).entries;
			const stream = link?.unresolved?.stream ?? link?.event.stream ?? "";
			if (!stream.startsWith(`${SCAVENGES}-`)) return undefined;
			const id = stream.slice(SCAVENGES.length + 1);
			// Clients may append to the list, too, and answers show the id as it is.
			if (!RUN_ID.test(id)) return undefined;
			const [end] = (await this.#log.read({ stream: streamOf(id), ...NEWEST })).entries;
			if (!end) return undefined;
			const result = end.event.type === COMPLETED ? resultIn(end.event.data) : undefined;
			return result ? { id, result } : { id };
		} catch (error) {
			if (isRefusal(error, "stream-deleted")) return undefined;
			throw error;
		}
	}

	async #writeLinked(
		id: string,
		type: string,
		facts: object,
		patience: AbortSignal,
	): Promise<void> {
		const version = await this.#write(id, type, facts, patience);
		const data = Buffer.from(`${version}@${streamOf(id)}`);
		try {
			await this.#append(SCAVENGES, { type: LINK_TYPE, isJson: false, data }, patience);
		} catch (error) {
			// If an operator deletes the list for ever, runs are no longer listed.
			if (!isRefusal(error, "stream-deleted")) throw error;
		}
	}

	/** @returns its version in the stream of the run */
	#write(id: string, type: string, facts: object, patience: AbortSignal): Promise<number> {
		const whole = { scavengeId: id, nodeEndpoint: this.#node, ...facts };
		const data = Buffer.from(JSON.stringify(whole));
		return this.#append(streamOf(id), { type, isJson: true, data }, patience);
	}

	async #append(
		stream: StreamName,
		event: Pick<NewEvent, "type" | "isJson" | "data">,
		patience: AbortSignal,
	): Promise<number> {
		const events = [{ id: randomUUID(), metadata: NOTHING, ...event }];
		const append = () => this.#log.append({ stream, expected: "any", events });
		return (await untilUnlocked(append, patience)).first;
	}
}

function streamOf(id: string): StreamName {
	return `${SCAVENGES}-${id}` as StreamName;
}

/** Clients may append to the stream, too; events that make no sense are ignored. */
function resultIn(data: Uint8Array): Result {
	try {
		const { result } = JSON.parse(Buffer.from(data).toString());
		return RESULTS.includes(result) ? (result as Result) : "Errored";
	} catch {
		return "Errored";
	}
}
