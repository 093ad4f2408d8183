/** Kills the server under a running import, again and again, with power and without warning. */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { newDirectory, removeDirectories, start, startServer, varve } from "../cli/varve.ts";

const KILLS = 20;
const STREAMS = 200;
const EVENTS = 24_000;
/** Room for a machine that does other things: what matters is that each kill hits an import. */
const TIMEOUT_MS = 240_000;

afterAll(removeDirectories);

test(
	"an import survives twenty kills of its server: every event is there once, in order",
	async () => {
		const file = join(newDirectory(), "log.ndjson");
		writeFileSync(file, lines());
		let server = await startServer();
		const { data, url } = server;
		const port = Number(new URL(url).port);

		const importing = start(["import", file, "--url", url, "--in-flight", "32"]);
		let over = false;
		void importing.finished.then(() => {
			over = true;
		});
		let hits = 0;
		for (let kill = 1; kill <= KILLS; kill++) {
			await grown(url, (EVENTS / (KILLS + 2)) * kill, () => over);
			if (!over) hits++;
			await server.stop("SIGKILL");
			server = await startServer(data, port);
		}
		const { code, stderr } = await importing.finished;
		expect([code, code === 0 ? "" : stderr]).toEqual([0, ""]);
		expect(hits).toBeGreaterThan(KILLS / 2);

		const exported = await varve(["export", "$all", "--url", url]);
		expect(digestByStream(exported.stdout)).toEqual(digestByStream(lines()));
		await server.stop();
		const verified = await varve(["verify", "--data", data]);
		expect(verified.stdout).toBe(`ok: ${EVENTS} events in ${STREAMS} streams\n`);
	},
	TIMEOUT_MS,
);

function lines(): string {
	let text = "";
	for (let i = 0; i < EVENTS; i++) {
		const stream = `order-${(i * 7919) % STREAMS}`;
		text += `${JSON.stringify({ stream, type: "Counted", data: { count: i } })}\n`;
	}
	return text;
}

/** Resolves once the log has at least `events` events. @param over whether it grows no more */
async function grown(url: string, events: number, over: () => boolean): Promise<void> {
	const from = (Math.floor(events) - 1).toString(16).toUpperCase().padStart(16, "0");
	const page = `${url}/streams/%24all/${from}${from}/forward/1`;
	const headers = { Accept: "application/vnd.eventstore.atom+json", "ES-LongPoll": "5" };
	for (;;) {
		const isLast = over();
		const feed = (await (await fetch(page, { headers })).json()) as { entries: unknown[] };
		if (feed.entries.length > 0) return;
		if (isLast) throw new Error(`the log did not grow to ${events} events`);
	}
}

/** The SHA-256 of each stream's data, in order. */
function digestByStream(text: string): Map<string, string> {
	const streams = new Map<string, string[]>();
	for (const line of text.trimEnd().split("\n")) {
		const { stream, data } = JSON.parse(line) as { stream: string; data: { count: number } };
		const counts = streams.get(stream) ?? [];
		counts.push(String(data.count));
		streams.set(stream, counts);
	}
	const digest = (counts: string[]) => createHash("sha256").update(counts.join()).digest("hex");
	return new Map([...streams].sort().map(([stream, counts]) => [stream, digest(counts)]));
}
