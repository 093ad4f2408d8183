/** The browser's EventSource, as a package: it reconnects by itself and misses nothing. */
import { randomUUID } from "node:crypto";
import { EventSource } from "eventsource";
import { newDirectory, removeDirectories, startServer } from "../cli/varve.ts";
import { batch } from "../http/ask.ts";
import { type Servers, startServers, until } from "../http/harness.ts";

const followers: EventSource[] = [];
afterEach(() => {
	for (const follower of followers.splice(0)) follower.close();
});
afterAll(removeDirectories);

type Followed = {
	readonly seen: { readonly id: string; readonly n: unknown }[];
	readonly source: EventSource;
	/** What it sent as Last-Event-ID, one for each connection. */
	readonly resumed: (string | undefined)[];
};

function follow(url: string, type: string): Followed {
	const resumed: (string | undefined)[] = [];
	const source = new EventSource(url, {
		fetch: (address, init) => {
			resumed.push(init.headers["Last-Event-ID"]);
			return fetch(address, init);
		},
	});
	followers.push(source);
	const seen: Followed["seen"] = [];
	source.addEventListener(type, ({ lastEventId, data }) => {
		const found = JSON.parse(data) as { n: unknown; data?: { n: unknown } };
		// `$all` and categories show whole events.
		seen.push({ id: lastEventId, n: found.data?.n ?? found.n });
	});
	return { seen, source, resumed };
}

async function append(url: string, stream: string, numbers: readonly number[]): Promise<void> {
	const events = numbers.map((n) => ({ eventId: randomUUID(), eventType: "Placed", data: { n } }));
	const { path, headers, body } = batch(stream, events);
	const init = { method: "POST", headers: headers as Record<string, string>, body: String(body) };
	expect((await fetch(url + path, init)).status).toBe(201);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => from + n);
const numbered = (to: number) => range(0, to).map((n) => ({ id: String(n), n }));

describe("EventSource", () => {
	let servers: Servers;
	beforeAll(async () => {
		servers = await startServers({ heartbeatMs: 100 });
	});
	afterAll(() => servers.close());

	test("shows what is there and then what comes", async () => {
		await append(servers.url, "live", range(0, 30));
		const { seen, source } = follow(`${servers.url}/streams/live`, "Placed");
		await until(() => seen.length === 30);
		expect(source.readyState).toBe(EventSource.OPEN);
		await append(servers.url, "live", range(30, 33));
		await until(() => seen.length === 33);
		expect(seen).toEqual(numbered(33));
	});

	test("sees every event of `$all` and of a category", async () => {
		const all = follow(`${servers.url}/streams/%24all`, "Placed");
		await append(servers.url, "shop-1", [0]);
		const category = follow(`${servers.url}/streams/%24ce-shop`, "Placed");
		await append(servers.url, "shop-2", [1]);
		await until(() => category.seen.length === 2 && all.seen.at(-1)?.n === 1);
		expect(category.seen).toEqual(numbered(2));
		const positions = all.seen.map(({ id }) => Number(id));
		expect(positions).toEqual(positions.toSorted((a, b) => a - b));
		expect(new Set(positions).size).toBe(positions.length);
	});

	test("hears of an event of type error as of any other, by one name for all", async () => {
		const source = new EventSource(`${servers.url}/streams/faults?event=message&embed=body`);
		followers.push(source);
		const faults: unknown[] = [];
		const types: unknown[] = [];
		source.onerror = (fault) => faults.push(fault);
		source.onmessage = ({ data }) => types.push((JSON.parse(data) as { type: unknown }).type);
		const events = ["Failed", "error", "open"].map((eventType) => {
			return { eventId: randomUUID(), eventType, data: {} };
		});
		await servers.ask(batch("faults", events));
		await until(() => types.length === 3);
		expect([types, faults]).toEqual([["Failed", "error", "open"], []]);
	});

	test("comes back by itself if the server has too many readers", async () => {
		const own = await startServers({ liveStreamsMax: 1 });
		await append(own.url, "full", [0]);
		const first = follow(`${own.url}/streams/full`, "Placed");
		await until(() => first.seen.length === 1);
		const second = follow(`${own.url}/streams/full`, "Placed");
		const refused = new Promise((resolve) => {
			second.source.addEventListener("error", resolve, { once: true });
		});
		await refused;
		expect(second.source.readyState).toBe(EventSource.CONNECTING);
		second.source.close();
		await own.close();
	});

	test("gives up on a stream that is not there", async () => {
		const { source } = follow(`${servers.url}/streams/nobody%00`, "Placed");
		await until(() => source.readyState === EventSource.CLOSED);
	});
});

test("EventSource goes on after a restart of the server, and sees every event once", async () => {
	const directory = newDirectory();
	let server = await startServer(directory);
	const port = Number(new URL(server.url).port);
	try {
		await append(server.url, "orders", range(0, 25));
		const { seen, source, resumed } = follow(`${server.url}/streams/orders`, "Placed");
		await until(() => seen.length === 25);
		for (const [stop, to] of [
			["SIGTERM", 40],
			["SIGKILL", 60],
		] as const) {
			const gone = new Promise((resolve) =>
				source.addEventListener("error", resolve, { once: true }),
			);
			await server.stop(stop);
			await gone;
			server = await startServer(directory, port);
			await append(server.url, "orders", range(seen.length, to));
			await until(() => seen.length >= to);
		}
		expect(seen).toEqual(numbered(60));
		expect(resumed.at(0)).toBeUndefined();
		expect(resumed.at(-1)).toBe("39");
	} finally {
		await server.stop();
	}
});
