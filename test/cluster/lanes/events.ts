/** Single appends and reads as a program makes them, with what it was told. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { readStream } from "../../../feeds/reader/read.ts";

const PATIENCE_MS = 100;
const TRIES_MAX = 300;
const ASK_MS = 15_000;

export type Told = {
	readonly status: number;
	/** The word of a refusal; empty if there is none. */
	readonly word: string;
	/** The position of what was written; -1 if nothing was. */
	readonly position: number;
	readonly repeated: boolean;
};

/** @returns status 0 if there was no answer */
export async function appendOne(url: string, stream: string, id: string): Promise<Told> {
	try {
		const answer = await fetch(`${url}/streams/${encodeURIComponent(stream)}`, {
			method: "POST",
			headers: { "Content-Type": "application/json", "ES-EventType": "Placed", "ES-EventId": id },
			body: JSON.stringify({ id }),
			signal: AbortSignal.timeout(ASK_MS),
		});
		const { status, headers } = answer;
		const word = /"type":"urn:varve:problem:([a-z-]+)"/.exec(await answer.text())?.[1] ?? "";
		const position = status === 201 ? Number(headers.get("es-position")) : -1;
		return { status, word, position, repeated: headers.get("varve-repeated") === "true" };
	} catch {
		return { status: 0, word: "", position: -1, repeated: false };
	}
}

/**
 * Appends events one after another, and each again with the same id until it is acknowledged: a
 * proxy that has just lost its servers says 503.
 * @returns their ids
 */
export async function appendSome(url: string, stream: string, count: number): Promise<string[]> {
	const ids: string[] = [];
	let failed = 0;
	for (let id = randomUUID(); ids.length < count; ) {
		const { status, word } = await appendOne(url, stream, id);
		if (status === 201) {
			ids.push(id);
			id = randomUUID();
			failed = 0;
		} else if ((status !== 0 && status < 500) || ++failed > TRIES_MAX) {
			throw new Error(`append ${ids.length} to ${stream}: ${status} ${word}`);
		} else await sleep(PATIENCE_MS);
	}
	return ids;
}

/** What the server wrote itself, such as its audit, is nobody's event. */
const OF_SERVER = /^\$/;

/** The ids of all events of a log, as a reader gets them. */
export async function idsOf(url: string): Promise<string[]> {
	const ids: string[] = [];
	for await (const { id, stream } of readStream({ url, stream: "$all" })) {
		if (!OF_SERVER.test(stream)) ids.push(id);
	}
	return ids;
}

export type Following = {
	readonly ids: readonly string[];
	/** Resolves with why it gave up; with undefined if it was stopped. */
	readonly ended: Promise<unknown>;
	stop(): void;
};

export function followLog(url: string): Following {
	const ids: string[] = [];
	const stop = new AbortController();
	const ended = (async () => {
		const events = readStream({
			...{ url, stream: "$all", follow: true, signal: stop.signal },
			sleep: (delayMs) =>
				new Promise((resolve) => setTimeout(resolve, Math.min(delayMs, PATIENCE_MS))),
		});
		for await (const { id, stream } of events) if (!OF_SERVER.test(stream)) ids.push(id);
	})().catch((error: unknown) => error);
	return { ids, ended, stop: () => stop.abort() };
}
