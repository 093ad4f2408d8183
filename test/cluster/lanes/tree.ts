/**
 * A real log through three nodes behind nginx while nodes are killed: imported, and read again. The
 * hash over the files that are alive at its end comes out right only if nothing is missing, doubled
 * or out of order.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gunzipSync } from "node:zlib";
import { readStream } from "../../../feeds/reader/read.ts";
import type { Cluster } from "../hosts/cluster.ts";
import type { Host } from "../hosts/network.ts";
import { until } from "../hosts/until.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const SLICE = `${ROOT}test/data/git-history-2000.ndjson.gz`;
const PAGE_SIZE = 100;
/** A node dies when a third of the log was read. */
const READ_OF = 3;

type Change = { readonly stream: string; readonly type: string; readonly data: unknown };

export type TreeResult = { readonly events: number; readonly treeSha256: string };

/** @throws Error if the log does not arrive as it was */
export async function importAndRead(cluster: Cluster): Promise<TreeResult> {
	const { nodes, front } = cluster;
	const lines = gunzipSync(readFileSync(SLICE)).toString().trimEnd().split("\n");
	const changes = lines.map((line) => JSON.parse(line) as Change);
	const expected = new Tree();
	for (const change of changes) expected.apply(change);

	await cluster.begin();
	const [first, second] = nodes.hosts as [Host, Host];
	const importing = importSlice(front.url);
	importing.catch(() => undefined);
	await until("a part of the log is imported", async () => (await size(front.url)) > 300);
	await nodes.end(first, "SIGKILL");
	await importing;
	nodes.startNode(first);
	await nodes.ready();

	const found = new Tree();
	let events = 0;
	const reading = readStream({ url: front.url, stream: "$all", pageSize: PAGE_SIZE });
	for await (const event of reading) {
		found.apply({ ...event, data: JSON.parse(Buffer.from(event.data).toString()) });
		if (++events === Math.floor(changes.length / READ_OF)) await nodes.end(second, "SIGKILL");
	}
	if (events !== changes.length) throw new Error(`${events} of ${changes.length} events were read`);
	if (found.hash() !== expected.hash()) {
		throw new Error(`the tree is ${found.hash()}, not ${expected.hash()}`);
	}
	await nodes.stop();
	return { events, treeSha256: found.hash() };
}

/** The files that are alive, and what they hold. */
class Tree {
	readonly #blobs = new Map<string, string>();

	apply({ type, data }: Change): void {
		const { path, blob } = data as { path?: string; blob?: string };
		if (path === undefined) return;
		if (type === "FileDeleted") this.#blobs.delete(path);
		else if (blob !== undefined) this.#blobs.set(path, blob);
	}

	hash(): string {
		const lines = [...this.#blobs].map(([path, blob]) => ({
			path: Buffer.from(path),
			line: `${path} ${blob}\n`,
		}));
		lines.sort((one, other) => Buffer.compare(one.path, other.path));
		const hash = createHash("sha256");
		for (const { line } of lines) hash.update(line);
		return hash.digest("hex");
	}
}

/** As an operator does: again, if it gave up. */
async function importSlice(url: string): Promise<void> {
	const run = promisify(execFile);
	await run(process.execPath, [`${ROOT}bin/varve`, "import", SLICE, "--url", url]);
}

async function size(url: string): Promise<number> {
	const answer = await fetch(`${url}/log/checkpoint`);
	return Number((await answer.text()).split("\n")[1]);
}
