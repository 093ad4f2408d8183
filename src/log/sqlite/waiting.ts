/** The writes that wait for the writer's thread, oldest first, and which of them go together. */
import type { Appended } from "../log.ts";
import type { MovedSpan } from "../moving/moves.ts";
import { isSpan, type Write } from "./protocol.ts";

/**
 * Bounds the copy a batch is; a larger one gains nothing, as its fsync is a small part of it
 * already.
 */
const BATCH_BYTES_MAX = 8 * 1024 * 1024;

export type WaitingWrite = {
	readonly write: Write | MovedSpan;
	readonly bytes: number;
	readonly sinceMs: number;
	/** Those behind it do not share its commit. */
	readonly endsCommit?: boolean;
	readonly resolve: (appended: Appended) => void;
	readonly reject: (error: Error) => void;
};

export class WaitingWrites {
	#writes: WaitingWrite[] = [];
	#bytes = 0;

	get length(): number {
		return this.#writes.length;
	}

	get bytes(): number {
		return this.#bytes;
	}

	add(write: WaitingWrite): void {
		this.#writes.push(write);
		this.#bytes += write.bytes;
	}

	/** Puts writes in front again, to be written in two commits. */
	addInHalves(together: readonly WaitingWrite[]): void {
		const ends = [Math.ceil(together.length / 2) - 1, together.length - 1];
		this.#writes.unshift(
			...together.map((waiting, index) => ({ ...waiting, endsCommit: ends.includes(index) })),
		);
		for (const { bytes } of together) this.#bytes += bytes;
	}

	/** Takes those that go together in the next batch: a span alone, or writes. */
	takeBatch(): WaitingWrite[] {
		let bytes = 0;
		let count = 0;
		for (const waiting of this.#writes) {
			const isAlone = isSpan(waiting.write);
			if (count > 0 && (isAlone || bytes + waiting.bytes > BATCH_BYTES_MAX)) break;
			bytes += waiting.bytes;
			count++;
			if (isAlone || waiting.endsCommit) break;
		}
		this.#bytes -= bytes;
		return this.#writes.splice(0, count);
	}

	takeAll(): WaitingWrite[] {
		const taken = this.#writes;
		this.#writes = [];
		this.#bytes = 0;
		return taken;
	}
}
