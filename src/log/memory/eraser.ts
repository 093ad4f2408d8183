/** Erasure in memory: the readable specification of `Erasure`. */
import type { RecordedEvent, StreamName } from "../../event.ts";
import { isIndexStream } from "../../indexes/joins.ts";
import { isErasable } from "../../retention/erasable.ts";
import type { Commit, Redaction, ScavengeStep } from "../commit.ts";
import { isRedactionDue } from "../redaction.ts";
import type { MemoryTables } from "./tables.ts";

const NOTHING = new Uint8Array(0);

export class MemoryEraser {
	readonly #tables: MemoryTables;
	readonly #tell: (commit: Commit) => void;
	#count = 0;

	/** @param tell hands an erasure to the log's listeners */
	constructor(tables: MemoryTables, tell: (commit: Commit) => void) {
		this.#tables = tables;
		this.#tell = tell;
	}

	/** As `Log.erasures`. */
	get count(): number {
		return this.#count;
	}

	redact(redaction: Redaction): void {
		const { stream, version, metadata } = redaction;
		const found = this.#tables.eventAt(stream, version);
		const event = found && {
			type: found.type,
			isErased: found.isRedacted === true,
			metadataBytes: found.metadata.length,
		};
		const last = this.#tables.lastOf(stream);
		if (!isRedactionDue(redaction, { last, event }) || !found) return;
		this.#erase(found, metadata);
		this.#finish([stream]);
	}

	/** Erases all in one step: no append waits meanwhile. */
	scavenge(from: number, now: number): ScavengeStep {
		const { streams } = this.#tables;
		const erased = { events: 0, bytes: 0 };
		const changed: StreamName[] = [];
		for (const stream of from === 0 ? streams.keys() : []) {
			const events = this.#erasableOf(stream, now);
			for (const event of events) {
				erased.bytes += event.data.length + event.metadata.length;
				this.#erase(event, true);
				this.#tables.scavenged.add(event.position);
				this.#tables.firstLeft.set(stream, event.version + 1);
			}
			erased.events += events.length;
			if (events.length > 0) changed.push(stream);
		}
		if (changed.length > 0) this.#finish(changed);
		return { next: undefined, end: streams.size, ...erased };
	}

	/** The low end of a stream that may go. */
	#erasableOf(stream: StreamName, now: number): RecordedEvent[] {
		const state = isIndexStream(stream) ? undefined : this.#tables.stateOf(stream);
		if (!state) return [];
		const positions = this.#tables.positionsOf(stream).slice(state.scavenged);
		const events = positions.map((position) => this.#tables.events[position] as RecordedEvent);
		const kept = events.findIndex(
			({ version, created }) => !isErasable(stream, state, version, created, now),
		);
		return kept < 0 ? events : events.slice(0, kept);
	}

	#erase(event: RecordedEvent, metadata: boolean): void {
		const left = metadata ? NOTHING : event.metadata;
		this.#tables.events[event.position] = {
			...event,
			data: NOTHING,
			metadata: left,
			isRedacted: true,
		};
	}

	#finish(marked: readonly StreamName[]): void {
		this.#count++;
		const last = this.#tables.events.length - 1;
		this.#tell({ last, streams: new Map(), marked, erasures: this.#count });
	}
}
