/**
 * Compares what reads of two servers show, stream by stream: all events, oldest first, as NDJSON,
 * which has no URLs in it. A stream that one server refuses must be refused by the other likewise.
 */
import { problemIn } from "../../../feeds/exchange/problem.ts";
import type { FetcherResponse } from "../../../feeds/exchange/transport.ts";
import { Failure } from "../explain.ts";
import { trustedFetch } from "../reading/trust.ts";
import type { Server } from "./admin.ts";

/** Streams that are read at once: enough to hide the time that an answer takes. */
const AT_ONCE = 8;

/**
 * @param shownMax how many differences are told
 * @returns how many streams differ
 * @throws Failure if a server does not answer
 */
export async function compareReads(
	source: Server,
	copy: Server,
	streams: ReadonlySet<string>,
	shownMax: number,
	tell: (difference: string) => void,
): Promise<number> {
	let different = 0;
	const names = streams.values();
	const takeTurns = async () => {
		for (const stream of names) {
			const difference = await compareStream(source, copy, stream);
			if (difference !== undefined && different++ < shownMax) tell(`${stream}: ${difference}`);
		}
	};
	await Promise.all(Array.from({ length: AT_ONCE }, takeTurns));
	return different;
}

async function compareStream(
	source: Server,
	copy: Server,
	stream: string,
): Promise<string | undefined> {
	const [ofSource, ofCopy] = [linesOf(source, stream), linesOf(copy, stream)];
	try {
		for (;;) {
			const [one, other] = await Promise.all([ofSource.next(), ofCopy.next()]);
			if (one.done && other.done) return undefined;
			if (one.value !== other.value) {
				return `a read shows ${nameOf(one.value)} in SOURCE, ${nameOf(other.value)} in COPY`;
			}
		}
	} finally {
		await Promise.all([ofSource.return(undefined), ofCopy.return(undefined)]);
	}
}

/** The lines of a stream; of one that is refused, a line that says how. */
async function* linesOf(server: Server, stream: string): AsyncGenerator<string, undefined> {
	const url = `${server.url.replace(/\/$/, "")}/streams/${encodeURIComponent(stream)}`;
	const headers = {
		...server.headers,
		Accept: "application/x-ndjson",
		"ES-ResolveLinkTos": "true",
	};
	// Credentials are for this server alone. After 300 s without a byte, `fetch` itself gives up.
	const asked = { method: "GET", headers, redirect: "manual", signal: server.signal } as const;
	const answer = await trustedFetch(url, asked);
	if (answer.status !== 200) {
		const chunks: Uint8Array[] = [];
		for await (const chunk of chunksOf(answer)) chunks.push(chunk);
		const body = new Uint8Array(Buffer.concat(chunks));
		const problem = problemIn(answer.status, answer.headers.get("content-type"), body);
		if (!problem || problem.status >= 500) {
			throw new Failure(`${url}: ${problem?.detail ?? `not an answer of Varve: ${answer.status}`}`);
		}
		yield `refused: ${problem.word}`;
		return undefined;
	}
	const decoder = new TextDecoder();
	let rest = "";
	for await (const chunk of chunksOf(answer)) {
		const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
		rest = lines.pop() ?? "";
		yield* lines;
	}
	if (rest !== "") yield rest;
	return undefined;
}

async function* chunksOf({ body }: FetcherResponse): AsyncGenerator<Uint8Array, undefined> {
	const reader = body?.getReader();
	try {
		for (;;) {
			const chunk = await reader?.read();
			if (chunk === undefined || chunk.done) return undefined;
			yield chunk.value;
		}
	} finally {
		await reader?.cancel();
	}
}

function nameOf(line: string | undefined): string {
	if (!line) return "nothing more";
	if (line.startsWith("refused: ")) return `a refusal, ${line.slice("refused: ".length)}`;
	try {
		const { stream, version, at } = JSON.parse(line) as Record<string, unknown>;
		return `${version}@${stream}${at === undefined ? "" : ` as its event ${at}`}`;
	} catch {
		return "a line that is no event";
	}
}
