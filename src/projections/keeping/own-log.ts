/** The streams that projections are kept in, read and written as the server itself. */
import { randomUUID } from "node:crypto";
import { isRefusal } from "../../errors.ts";
import type { ExpectedVersion, NewEvent, StreamName } from "../../event.ts";
import type { Appended, Log, Slice } from "../../log/log.ts";
import { metadataStream } from "../../retention/window.ts";

const NOTHING = new Uint8Array(0);
const METADATA_TYPE = "$metadata";

export class OwnLog {
	readonly log: Log;

	constructor(log: Log) {
		this.log = log;
	}

	/**
	 * Reads a range, with content.
	 * @param from `head` for the newest ones, the newest first
	 * @returns undefined if the stream was deleted for ever
	 */
	async read(stream: StreamName, from: number | "head", limit: number): Promise<Slice | undefined> {
		const direction = from === "head" ? "backward" : "forward";
		const range = { stream, from, limit, direction, content: true, resolve: false } as const;
		return this.log.read(range).catch(noneIfDeleted);
	}

	/** The last version; -1 for a stream that shows no event. */
	async lastOf(stream: StreamName): Promise<number> {
		const last = await this.log.last(stream).catch(noneIfDeleted);
		return last ?? -1;
	}

	/** @throws Refusal as `Log.append` */
	append(
		stream: StreamName,
		events: readonly NewEvent[],
		expected: ExpectedVersion = "any",
	): Promise<Appended> {
		return this.log.append({ stream, expected, events });
	}

	/** Replaces the metadata of a stream. */
	async describe(stream: StreamName, metadata: object): Promise<void> {
		await this.append(metadataStream(stream), [jsonEvent(METADATA_TYPE, metadata)]);
	}

	/** Hides all that a stream shows; its next event brings it back. */
	async hide(stream: StreamName): Promise<void> {
		if ((await this.lastOf(stream)) < 0) return;
		await this.log.delete({ stream, expected: "any", hard: false });
	}
}

export function jsonEvent(type: string, data: object, metadata?: object): NewEvent {
	return {
		id: randomUUID(),
		type,
		isJson: true,
		data: Buffer.from(JSON.stringify(data)),
		metadata: metadata === undefined ? NOTHING : Buffer.from(JSON.stringify(metadata)),
	};
}

function noneIfDeleted(error: unknown): undefined {
	if (isRefusal(error, "stream-deleted")) return undefined;
	throw error;
}
