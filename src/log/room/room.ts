/**
 * Keeps some of the disk free, so that SQLite never meets its end: while less is left, appends are
 * refused. What needs no new room, or makes room, goes on: reads, deletes, metadata, scavenges.
 *
 *     enough ──less than the minimum is free──▶ low      appends are refused
 *        ▲                                       │
 *        └────────── the minimum is free ────────┘
 *
 * The disk is asked once a second, and not for every append. In between, the appends let in are
 * counted with what they may take; if that could reach the minimum, the disk is asked at once.
 */
import { statfsSync } from "node:fs";
import { Refusal } from "../../errors.ts";

const ASK_MS = 1000;
/** However many appends come near the minimum, the disk is asked no more often than this. */
const ASK_AGAIN_MS = 10;
/** Nobody knows when there will be room again; a client that retries this often is no burden. */
const RETRY_AFTER_SECONDS = 30;

/** The WAL grows to about this, and again as much goes into the database when it is folded in. */
const FREE_MIN_BYTES = 64 * 1024 * 1024;
/** Of a small disk, that would be most: then this part of it. */
const FREE_MIN_PART = 1 / 10;

/** A byte is written to the WAL and to the database, and its page holds others beside it. */
const BYTES_A_BYTE = 3;
/** Rows, index entries and nodes of the tree of one append, as a page of each commit. */
const BYTES_AN_APPEND = 4096;

export type RoomState = {
	/** What the system said last that this user may still write. */
	readonly freeBytes: number;
	readonly freeBytesMin: number;
	readonly low: boolean;
};

/** Hears of the disk. */
export type RoomListener = {
	/** When the disk gets low, and when there is room again. */
	onChange(state: RoomState): void;
	/** When the system does not tell the room any more; appends then go on unguarded. */
	onUnknown(error: unknown): void;
};

export class Room {
	readonly #directory: string;
	readonly #listener: RoomListener;
	readonly #timer: NodeJS.Timeout;
	#freeMin: number | undefined;
	#state: RoomState = { freeBytes: Number.MAX_SAFE_INTEGER, freeBytesMin: 0, low: false };
	/** What is left when all appends that were let in have taken their room. */
	#left = 0;
	/** The room of the appends that were let in, and have no answer yet. */
	#inFlight = 0;
	#askedMs = Number.NEGATIVE_INFINITY;
	#isUnknown = false;

	/**
	 * @param directory of the log
	 * @param freeMin in bytes; undefined for a minimum that fits the disk
	 */
	constructor(directory: string, freeMin: number | undefined, listener: RoomListener) {
		this.#directory = directory;
		this.#freeMin = freeMin;
		this.#listener = listener;
		this.#ask();
		this.#timer = setInterval(() => this.#ask(), ASK_MS).unref();
	}

	/** Undefined while the system does not tell. */
	state(): RoomState | undefined {
		return this.#isUnknown ? undefined : this.#state;
	}

	/** Takes another minimum, from now on. */
	setFreeMin(freeMin: number | undefined): void {
		this.#freeMin = freeMin;
		this.#ask();
	}

	/**
	 * Carries out an append if there is room.
	 * @param bytes of its events
	 * @throws Refusal `insufficient-storage`, and whatever the work throws
	 */
	async admit<T>(bytes: number, work: () => Promise<T>): Promise<T> {
		if (this.#isLow()) this.#refuseIfLow();
		const cost = bytes * BYTES_A_BYTE + BYTES_AN_APPEND;
		this.#left -= cost;
		this.#inFlight += cost;
		try {
			return await work();
		} finally {
			this.#inFlight -= cost;
		}
	}

	close(): void {
		clearInterval(this.#timer);
	}

	#isLow(): boolean {
		return this.#state.low || this.#left < this.#state.freeBytesMin;
	}

	#refuseIfLow(): void {
		if (performance.now() - this.#askedMs >= ASK_AGAIN_MS) this.#ask();
		if (!this.#isLow()) return;
		throw new Refusal("insufficient-storage", {
			// What appends under way will take is as good as taken.
			freeBytes: Math.max(0, Math.min(this.#state.freeBytes, this.#left)),
			freeBytesMin: this.#state.freeBytesMin,
			retryAfterSeconds: RETRY_AFTER_SECONDS,
		});
	}

	#ask(): void {
		this.#askedMs = performance.now();
		const before = this.#state;
		try {
			this.#state = roomOf(this.#directory, this.#freeMin);
			this.#isUnknown = false;
		} catch (error) {
			this.#state = { ...before, low: false };
			if (!this.#isUnknown) this.#listener.onUnknown(error);
			this.#isUnknown = true;
		}
		this.#left = this.#isUnknown ? Number.MAX_SAFE_INTEGER : this.#state.freeBytes - this.#inFlight;
		if (this.#state.low !== before.low) this.#listener.onChange(this.#state);
	}
}

function roomOf(directory: string, freeMin: number | undefined): RoomState {
	const { bavail, blocks, bsize } = statfsSync(directory);
	const freeBytes = bavail * bsize;
	const usual = Math.min(FREE_MIN_BYTES, Math.floor(blocks * bsize * FREE_MIN_PART));
	const freeBytesMin = freeMin ?? usual;
	return { freeBytes, freeBytesMin, low: freeBytes < freeBytesMin };
}
