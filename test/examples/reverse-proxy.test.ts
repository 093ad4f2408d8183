import { execFile, spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Appended, append as appendEvent } from "../../feeds/client/index.ts";
import { readStream } from "../../feeds/reader/read.ts";
import { ROOT, type Server, startServer, varve } from "./processes.ts";

const SLICE = `${ROOT}test/data/git-history-2000.ndjson.gz`;
const EXAMPLE = `${ROOT}examples/reverse-proxy`;
const JSON_FEED = "application/vnd.eventstore.atom+json";

type Hop = {
	readonly port: number;
	/** What the server was asked since the last call. */
	take(): string[];
	close(): void;
};

const hasNginx = spawnSync("nginx", ["-v"]).status === 0;
// Jest counts and names what is skipped; the reason stands in the name.
const describeWithNginx = hasNginx ? describe : describe.skip;

describeWithNginx(`behind nginx${hasNginx ? "" : " (SKIPPED: nginx is not installed)"}`, () => {
	let directory: string;
	let server: Server;
	let hop: Hop;
	let nginx: Server;

	beforeAll(async () => {
		directory = mkdtempSync(join(tmpdir(), "varve-nginx-"));
		server = await startServer(join(directory, "data"), "--allow-anonymous");
		expect((await varve("import", SLICE, "--url", server.url)).code).toBe(0);
		hop = await (await import(`${EXAMPLE}/counting-hop.js`)).startCountingHop(server.url);
		const { startNginx } = await import(`${EXAMPLE}/nginx.js`);
		nginx = await startNginx(join(directory, "nginx"), hop.port);
	});

	beforeEach(() => {
		hop.take();
	});

	afterAll(async () => {
		await nginx?.stop();
		hop?.close();
		await server?.stop();
		rmSync(directory, { recursive: true, force: true });
	});

	test("a second reader asks the server for nothing but the head", async () => {
		expect(await catchUp()).toBe(2000);
		expect(hop.take().length).toBeGreaterThan(2);
		expect(await catchUp()).toBe(2000);
		// The page behind the last event. The reader also asks for the newest page, to know how far
		// that is, and gives up that request if it is through first.
		const isNewest = (request: string) => request.endsWith("/head/backward/1");
		expect(hop.take().filter((request) => !isNewest(request))).toEqual([
			expect.stringMatching(/7D0\/forward\/1000$/),
		]);
	});

	test("the commands of the README get what stands beside them", async () => {
		const page = readFileSync(`${EXAMPLE}/README.md`, "utf8");
		const shown = [...page.matchAll(/^(page=.*|curl -i "\$page")(?: {2}# (.*))?$/gm)];
		const commands = shown.map(([, command]) => command).join("\n");
		const program = commands.replaceAll("http://127.0.0.1:8080", nginx.url);
		const { stdout: printed } = await promisify(execFile)("sh", ["-c", program]);
		const promised = shown.map(([, , answer]) => answer).filter(Boolean);
		expect(promised).toEqual(["X-Cache-Status: MISS", "X-Cache-Status: HIT"]);
		expect(printed.match(/^X-Cache-Status: \w+/gm)).toEqual(promised);
	});

	test("links lead to the host and port the reader asked", async () => {
		const { links } = (await (await get("/streams/%24ce-author/0/forward/20")).json()) as {
			links: { uri: string }[];
		};
		expect(links.length).toBeGreaterThan(3);
		for (const { uri } of links) expect(uri).toMatch(`${nginx.url}/`);
	});

	test("each media type of a page is kept for itself", async () => {
		const page = "/streams/%24ce-file/0/forward/20";
		for (let round = 0; round < 2; round++) {
			const json = await get(page);
			expect(json.headers.get("content-type")).toMatch(JSON_FEED);
			const atom = await get(page, { Accept: "application/atom+xml" });
			expect(atom.headers.get("content-type")).toMatch("application/atom+xml");
			expect(await atom.text()).toMatch(/^<\?xml/);
			expect(json.headers.get("x-cache-status")).toBe(round === 0 ? "MISS" : "HIT");
		}
		expect(hop.take()).toHaveLength(2);
	});

	test("a 304 is not kept for readers who have nothing yet", async () => {
		const page = "/streams/%24ce-file/20/forward/20";
		const tag = (await fetch(server.url + page, { headers: { Accept: JSON_FEED } })).headers.get(
			"etag",
		);
		expect((await get(page, { "If-None-Match": String(tag) })).status).toBe(304);
		expect((await get(page)).status).toBe(200);
		// Now that it is kept, nginx answers the same by itself.
		hop.take();
		expect((await get(page, { "If-None-Match": String(tag) })).status).toBe(304);
		expect(hop.take()).toEqual([]);
	});

	test("an error is asked for again each time", async () => {
		const stream = `/streams/late-${randomUUID()}`;
		expect((await get(stream)).status).toBe(404);
		expect((await get(stream)).status).toBe(404);
		expect(await append(stream)).toMatchObject({ version: 0, repeated: false });
		expect((await get(stream)).status).toBe(200);
	});

	test("a long poll is held until there is something new", async () => {
		const stream = `/streams/polled-${randomUUID()}`;
		await append(stream);
		const page = `${stream}/0/forward/20`;
		const tag = String((await get(page)).headers.get("etag"));
		hop.take();
		const held = get(page, { "If-None-Match": tag, "ES-LongPoll": "30" });
		await until(() => hop.take().length > 0);
		await append(stream);
		// Answered before the append, it would show one entry, or be a 304.
		expect(((await (await held).json()) as { entries: unknown[] }).entries).toHaveLength(2);
	});

	async function catchUp(): Promise<number> {
		let events = 0;
		for await (const _ of readStream({ url: nginx.url, stream: "$all", retriesMax: 2 })) events++;
		return events;
	}

	function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
		return fetch(nginx.url + path, { headers: { Accept: JSON_FEED, ...headers } });
	}

	function append(path: string): Promise<Appended> {
		const stream = path.slice("/streams/".length);
		return appendEvent({ url: nginx.url, stream }, { type: "Tried", data: {} });
	}
});

async function until(holds: () => boolean): Promise<void> {
	while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}
