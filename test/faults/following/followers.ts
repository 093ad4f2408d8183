/**
 * The ways to follow a stream, each as a client that survives its server: it goes on after the last
 * event it has seen.
 */
import { request } from "node:http";
import { readStream } from "../../../feeds/index.ts";

export type Seen = { readonly id: string; readonly at: number };

export type Follower = {
	readonly way: string;
	readonly stream: string;
	/** In the order they came. */
	readonly seen: Seen[];
	readonly finished: Promise<unknown>;
};

type Target = {
	readonly port: number;
	readonly stream: string;
	readonly seen: Seen[];
	readonly signal: AbortSignal;
};

const WAYS: Readonly<Record<string, (target: Target) => Promise<void>>> = {
	"the reader": followByReader,
	"server-sent events": followByServerSentEvents,
	"lines of JSON": followByLines,
	"an HTTP feed": followByHttpFeed,
};

/** Starts one follower of each way on each stream. */
export function follow(port: number, streams: readonly string[], signal: AbortSignal): Follower[] {
	return streams.flatMap((stream) =>
		Object.entries(WAYS).map(([way, run]) => {
			const seen: Seen[] = [];
			return { way, stream, seen, finished: run({ port, stream, seen, signal }) };
		}),
	);
}

async function followByReader({ port, stream, seen, signal }: Target): Promise<void> {
	const url = `http://127.0.0.1:${port}`;
	// A reader in practice waits longer; here the server is back in no time.
	const random = () => 0.1;
	for await (const { id, at } of readStream({ url, stream, follow: true, signal, random })) {
		seen.push({ id, at });
	}
}

async function followByServerSentEvents({ port, stream, seen, signal }: Target): Promise<void> {
	while (!signal.aborted) {
		const newest = seen.at(-1);
		const headers = {
			Accept: "text/event-stream",
			...(newest ? { "Last-Event-ID": String(newest.at) } : {}),
		};
		let at = -1;
		await lines(
			port,
			`/streams/${encodeURIComponent(stream)}?embed=body`,
			headers,
			signal,
			(line) => {
				if (line.startsWith("id: ")) at = Number(line.slice(4));
				// An event is whole when its empty line is there; ours have one line of data.
				if (line.startsWith("data: ")) seen.push({ id: idIn(line.slice(6)), at });
			},
		);
		await soon();
	}
}

async function followByLines({ port, stream, seen, signal }: Target): Promise<void> {
	while (!signal.aborted) {
		const from = (seen.at(-1)?.at ?? -1) + 1;
		const hex = from.toString(16).padStart(16, "0");
		const place = stream === "$all" ? hex + hex : from;
		const path = `/streams/${encodeURIComponent(stream)}/${place}/forward/20`;
		await lines(port, path, { Accept: "application/x-ndjson" }, signal, (line) => {
			const { id, at, version, position } = JSON.parse(line);
			seen.push({ id, at: at ?? (stream === "$all" ? position : version) });
		});
		await soon();
	}
}

/** An event of an HTTP feed; its own id is `eventid` if `id` names its place. */
type Told = { readonly id: string; readonly eventid?: string };

async function followByHttpFeed({ port, stream, seen, signal }: Target): Promise<void> {
	/** An entry's own id in the feed. */
	let newest: string | undefined;
	while (!signal.aborted) {
		const query = newest ? `?lastEventId=${encodeURIComponent(newest)}&timeout=2000` : "";
		const headers = { Accept: "application/cloudevents-batch+json" };
		const path = `/streams/${encodeURIComponent(stream)}${query}`;
		let text = "";
		const isWhole = await lines(port, path, headers, signal, (line) => {
			text += line;
		});
		const batch: Told[] = isWhole && text.startsWith("[") ? JSON.parse(text) : [];
		// It numbers nothing: the place in the feed is the number.
		for (const { id, eventid = id } of batch) seen.push({ id: eventid, at: seen.length });
		newest = batch.at(-1)?.id ?? newest;
		await soon();
	}
}

/**
 * Gives out the lines of an answer of 200 as they come.
 * @returns whether it came to its end; a last line without its end counts only then
 */
function lines(
	port: number,
	path: string,
	headers: Record<string, string>,
	signal: AbortSignal,
	take: (line: string) => void,
): Promise<boolean> {
	return new Promise((resolve) => {
		const req = request({ host: "127.0.0.1", port, path, headers, signal, agent: false }, (res) => {
			let rest = "";
			res.setEncoding("utf8");
			res.on("data", (chunk: string) => {
				if (res.statusCode !== 200) return;
				const found = (rest + chunk).split("\n");
				rest = found.pop() ?? "";
				for (const line of found) take(line);
			});
			res.on("end", () => {
				if (rest !== "" && res.statusCode === 200) take(rest);
				resolve(res.statusCode === 200);
			});
			res.on("error", () => resolve(false));
			res.on("close", () => resolve(false));
		});
		req.on("error", () => resolve(false));
		req.end();
	});
}

function idIn(json: string): string {
	return (JSON.parse(json) as { id: string }).id;
}

/** Before a client asks again. */
function soon(): Promise<void> {
	return new Promise((resolve) => setTimeout(resolve, 40));
}
