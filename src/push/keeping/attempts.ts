/**
 * The attempts of one webhook. The newest are in memory; those that failed are events besides, so
 * that a restart neither forgets why something does not arrive, nor begins to count its tries anew.
 */

import { appendOwn, closeStream } from "../../accounts/own-streams.ts";
import { isRefusal } from "../../errors.ts";
import type { StreamName } from "../../event.ts";
import type { Log } from "../../log/log.ts";
import { isJsonObject, parseObject } from "../../subscriptions/json.ts";
import type { Message } from "../../subscriptions/steps/message.ts";
import { OUTCOMES, type OutcomeWord } from "../sending/outcome.ts";

export type Attempt = AttemptFacts & {
	/** Milliseconds since 1970. */
	readonly atMs: number;
	/** `webhook-id`: the same in each attempt to send the same. */
	readonly id: string;
	/** The first and last number of the stream that it was of; others may be between them. */
	readonly first: number;
	readonly last: number;
	readonly isTest?: true;
	/** Its messages come again: how often each was tried. */
	readonly tried?: readonly Tried[];
};

/** A number of the stream, and how often it was tried. */
export type Tried = readonly [number: number, tries: number];

export type AttemptFacts = {
	readonly tries: number;
	readonly word: OutcomeWord;
	readonly status: number | undefined;
	readonly durationMs: number;
	readonly reason: string;
	/** The beginning of the answer. */
	readonly answer: string;
	readonly address: string | undefined;
	/** What followed: `settled`, `again`, `parked` or `stopped`. */
	readonly followed: string;
};

const KEPT_MAX = 100;
/** Of a push that has nothing to do. */
const RESTING_MAX = 20;
/** Events of failures, each with up to a second of them. */
const EVENTS_MAX = 50;
const BATCH_MAX = 20;
const WRITE_AFTER_MS = 1000;
const TYPE = "$PushAttempts";

export function attemptsStream(key: string): StreamName {
	return `$push-${key}-attempts` as StreamName;
}

export class AttemptLog {
	readonly #log: Log;
	readonly #stream: StreamName;
	readonly #report: (error: unknown) => void;
	/** The newest first. */
	#kept: Attempt[] = [];
	/** By message: tries so far. */
	readonly #tries = new Map<string, number>();
	#unwritten: Attempt[] = [];
	#timer: NodeJS.Timeout | undefined;
	#loading: Promise<void> | undefined;
	#isEnded = false;
	#writing: Promise<void> = Promise.resolve();

	constructor(log: Log, key: string, report: (error: unknown) => void) {
		this.#log = log;
		this.#stream = attemptsStream(key);
		this.#report = report;
	}

	/** The newest first. */
	get newest(): readonly Attempt[] {
		return this.#kept;
	}

	/** Takes in what an earlier process wrote, once. */
	load(): Promise<void> {
		this.#loading ??= this.#load();
		this.#loading.catch(() => {
			this.#loading = undefined;
		});
		return this.#loading;
	}

	async #load(): Promise<void> {
		const written = await attemptsIn(this.#log, this.#stream);
		this.#kept = [...this.#kept, ...written].slice(0, KEPT_MAX);
		for (const { tried = [] } of written.toReversed()) {
			for (const [number, tries] of tried)
				this.#tries.set(keyOf({ origin: "source", number }), tries);
		}
	}

	/** Counts a try of messages that are sent together. */
	countTry(messages: readonly Message[]): void {
		for (const message of messages) this.#tries.set(keyOf(message), this.triesOf(message) + 1);
	}

	/** It was no try. */
	takeBack(messages: readonly Message[]): void {
		for (const message of messages) {
			const tries = this.triesOf(message) - 1;
			if (tries > 0) this.#tries.set(keyOf(message), tries);
			else this.#tries.delete(keyOf(message));
		}
	}

	/** How often a message was tried. */
	triesOf(message: Message): number {
		return this.#tries.get(keyOf(message)) ?? 0;
	}

	/** How often messages were tried; a replay is counted anew by each server. */
	triedOf(messages: readonly Message[]): readonly Tried[] {
		const ofSource = messages.filter(({ origin }) => origin === "source");
		return ofSource.map((one) => [one.number, this.triesOf(one)]);
	}

	/** They are settled or parked. */
	forget(messages: readonly Message[]): void {
		for (const message of messages) this.#tries.delete(keyOf(message));
	}

	note(attempt: Attempt): void {
		this.#kept.unshift(attempt);
		this.#kept.length = Math.min(this.#kept.length, KEPT_MAX);
		if (attempt.word === "delivered") return;
		this.#unwritten.push(attempt);
		if (this.#unwritten.length > BATCH_MAX) this.#unwritten.shift();
		this.#timer ??= setTimeout(() => void this.#write(), WRITE_AFTER_MS);
		this.#timer.unref();
	}

	/** Nothing more is written. */
	async end(): Promise<void> {
		this.#isEnded = true;
		clearTimeout(this.#timer);
		await this.#writing;
	}

	/** Writes what is not written, and keeps the newest alone. It can be used again. */
	async close(): Promise<void> {
		clearTimeout(this.#timer);
		this.#kept.length = Math.min(this.#kept.length, RESTING_MAX);
		await this.#write();
	}

	/** A log that refuses costs the trace of some failures, and nothing else. */
	#write(): Promise<void> {
		this.#timer = undefined;
		const attempts = this.#unwritten;
		this.#unwritten = [];
		if (attempts.length === 0 || this.#isEnded) return this.#writing;
		const data = Buffer.from(JSON.stringify({ attempts }));
		this.#writing = this.#writing
			.then(() => closeStream(this.#log, this.#stream, { $maxCount: EVENTS_MAX }))
			.then(() => appendOwn(this.#log, this.#stream, { type: TYPE, data }))
			.then(
				() => undefined,
				(error: unknown) => {
					if (!isRefusal(error)) this.#report(error);
				},
			);
		return this.#writing;
	}
}

/** The attempts that failed, as the log has them, the newest first. */
export async function attemptsIn(log: Log, stream: StreamName): Promise<Attempt[]> {
	const range = { stream, from: "head", limit: EVENTS_MAX, direction: "backward" } as const;
	const slice = await log.read({ ...range, content: true }).catch((error: unknown) => {
		if (isRefusal(error, "stream-deleted")) return { entries: [] };
		throw error;
	});
	return slice.entries.flatMap(({ event }) => {
		const { attempts } = parseObject(event.data) ?? {};
		return Array.isArray(attempts) ? attempts.filter(isAttempt).reverse() : [];
	});
}

function isAttempt(value: unknown): value is Attempt {
	if (!isJsonObject(value)) return false;
	const { atMs, first, last, tries, durationMs, id, word, reason, answer, followed, tried } = value;
	const numbers = [atMs, first, last, tries, durationMs];
	if (!numbers.every((one) => Number.isFinite(one))) return false;
	if (![id, reason, answer, followed].every((one) => typeof one === "string")) return false;
	if (tried !== undefined && !(Array.isArray(tried) && tried.every(isTried))) return false;
	return (OUTCOMES as readonly unknown[]).includes(word);
}

function isTried(value: unknown): value is Tried {
	return Array.isArray(value) && value.length === 2 && value.every(Number.isSafeInteger);
}

function keyOf({ origin, number }: Pick<Message, "origin" | "number">): string {
	return `${origin} ${number}`;
}
