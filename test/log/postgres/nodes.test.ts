/** Several servers over one database: any of them takes any request, and all answer alike. */
import { raiseStoreIncarnation, verifyStore } from "../../../src/log/postgres/tools.ts";
import { runSeed } from "../../../test/feeds/random.ts";
import { newDirectory, removeDirectories, type Server, startServer } from "../../cli/varve.ts";
import { type Ask, ATOM, ask, batch, get } from "../../http/ask.ts";
import { until } from "../../http/harness.ts";
import { check } from "../../linearizability/checker.ts";
import { startClients } from "../../linearizability/clients.ts";
import { describePostgres, type PostgresServer, startPostgres } from "./server.ts";

const NODES = 3;
const CLIENTS = 12;
const STEP = 80;
const PUBLIC = "http://varve.example";

describePostgres("servers over one database", () => {
	let database: PostgresServer;
	let nodes: Server[];

	const startNode = (schema: string, port?: number) =>
		startServer(newDirectory(), port, ["--public-url", PUBLIC, "--allow-anonymous"], {
			VARVE_STORE: database.store(schema),
			VARVE_SESSION_KEY: "x".repeat(32),
		});
	const portOf = ({ url }: Server) => Number(new URL(url).port);
	const at = (node: number, request: Ask) => ask(portOf(nodes[node] as Server), request);
	const everywhere = (request: Ask) => Promise.all(nodes.map((_, node) => at(node, request)));

	beforeAll(async () => {
		database = await startPostgres();
		nodes = await Promise.all(Array.from({ length: NODES }, () => startNode("nodes")));
	});
	afterAll(async () => {
		await Promise.all((nodes ?? []).map((node) => node.stop()));
		database.remove();
		removeDirectories();
	});

	test("answer with the same bytes, tags and links", async () => {
		for (let i = 0; i < 45; i++) {
			const one = { eventId: idOf(i), eventType: "Placed", data: { i } };
			expect((await at(i % NODES, batch(`order-${i % 2}`, [one]))).status).toBe(201);
		}
		for (const path of [
			"/streams/order-0",
			"/streams/order-0/0/forward/20",
			"/streams/$ce-order/20/forward/20",
			"/streams/$all/head/backward/20",
			"/streams/order-1/3",
			"/log/key",
		]) {
			const [first, ...others] = await everywhere(
				get(path, path === "/log/key" ? undefined : ATOM),
			);
			expect([path, first?.status]).toEqual([path, 200]);
			for (const other of others) {
				expect(other.text).toBe(first?.text);
				expect(other.headers.etag).toBe(first?.headers.etag);
				expect(other.headers["cache-control"]).toBe(first?.headers["cache-control"]);
			}
		}
		const heads = await everywhere(get("/log/checkpoint"));
		expect(new Set(heads.map(({ text }) => text)).size).toBe(1);
		expect(heads[0]?.text).toMatch(/^varve\/[0-9a-f]{16}\n45\n/);
	});

	test("show what another one has acknowledged, at once", async () => {
		for (let i = 0; i < 30; i++) {
			const path = "/streams/seen-1";
			const written = await at(i % NODES, { ...event(), path });
			const reader = (i + 1) % NODES;
			const head = await at(reader, get(`${path}?embed=rich`));
			expect(head.text).toContain(`${i}@seen-1`);
			// Nothing new is nothing new: the tag is that of what there is.
			const again = await at((i + 2) % NODES, {
				path,
				headers: { Accept: ATOM, "If-None-Match": String(head.headers.etag) },
			});
			expect([200, 304]).toContain(again.status);
			const minimum = { "ES-MinPosition": String(written.headers["es-position"]) };
			expect((await at(reader, get(path, ATOM, minimum))).text).toContain(`${i}@seen-1`);
		}
	});

	test("wake readers that wait at another one", async () => {
		const waiting = at(1, get("/streams/woken-1/0/forward/20?wait=20"));
		await at(2, get("/ping"));
		await at(0, { ...event(), path: "/streams/woken-1" });
		const woken = await waiting;
		expect(woken.status).toBe(200);
		expect(woken.text).toContain("0@woken-1");
	});

	test("erase once for all: no one shows what another one has redacted", async () => {
		const path = "/streams/erased-1";
		for (let i = 0; i < 25; i++) await at(i % NODES, { ...event(), path });
		const sealed = `${path}/0/forward/20?embed=body`;
		const before = await everywhere(get(sealed));
		expect(before.every(({ text }) => text.includes("secret"))).toBe(true);
		const redacted = await at(0, { method: "DELETE", path: `${path}/3/data` });
		expect([200, 204]).toContain(redacted.status);
		await until(async () => {
			const after = await everywhere(get(sealed));
			return (
				new Set(after.map(({ text }) => text)).size === 1 && after[0]?.text !== before[0]?.text
			);
		});
	});

	test("are led by one, which another one follows; the others name it", async () => {
		const leaders = async () =>
			(await everywhere(get("/health/leader"))).map(({ status }) => status === 204);
		await until(async () => (await leaders()).filter(Boolean).length === 1);
		const leader = (await leaders()).indexOf(true);
		const other = (leader + 1) % NODES;
		const named = nodes[leader]?.url;
		await until(async () => {
			return (await at(other, get("/health/leader"))).headers["varve-leader"] === named;
		});
		const create: Ask = {
			method: "PUT",
			path: "/subscriptions/order-0/readers",
			headers: { "Content-Type": "application/json" },
			body: '{"startFrom":0}',
		};
		const refused = await at(other, create);
		expect([refused.status, refused.json]).toMatchObject([
			503,
			{ type: "urn:varve:problem:not-leader", leader: named },
		]);
		expect((await at(other, { method: "POST", path: "/admin/scavenge" })).status).toBe(503);
		expect((await at(leader, create)).status).toBe(201);
		const taken = await at(leader, get("/subscriptions/order-0/readers/5", COMPETING));
		expect(taken.status).toBe(200);

		const port = portOf(nodes[leader] as Server);
		await nodes[leader]?.stop("SIGKILL");
		const left = nodes.filter((_, node) => node !== leader);
		const follow = async (node: Server) =>
			(await ask(portOf(node), get("/health/leader"))).status === 204;
		const next = await until(async () => left[(await Promise.all(left.map(follow))).indexOf(true)]);
		// What was with a consumer of the one before comes again.
		const again = await ask(portOf(next), get("/subscriptions/order-0/readers/5", COMPETING));
		expect(again.status).toBe(200);
		expect(again.text).toContain("order-0");
		nodes[leader] = await startNode("nodes", port);
		expect(await verifyStore(database.store("nodes"))).toMatchObject({ ok: true, faults: [] });
	});

	test("say that they serve nothing any more, neither reads nor appends, if the history is another one", async () => {
		const node = await startNode("replaced");
		const fetched = (path: string) => ask(portOf(node), get(path));
		expect((await fetched("/streams/$all")).status).toBe(200);
		await raiseStoreIncarnation(database.store("replaced"), newDirectory());
		await until(async () => (await fetched("/health/ready")).status === 503);
		const ready = await fetched("/health/ready");
		expect(ready.json).toMatchObject({ type: "urn:varve:problem:database-unreachable" });
		expect(ready.text).not.toContain("eads go on");
		expect((await fetched("/streams/$all")).status).toBe(503);
		expect((await ask(portOf(node), { ...event(), path: "/streams/a" })).status).toBe(503);
		const { stderr } = await node.stop();
		expect(stderr).toMatch(
			/this server serves nothing any more: the log is history 2 now.* refuses appends and reads until/,
		);
		expect(stderr).not.toContain("reads go on");
	});

	test("are linearizable, also while one of them is killed", async () => {
		const seed = runSeed();
		let isOver = false;
		let up: Promise<unknown> = Promise.resolve();
		const { byStream, finished } = startClients({
			seed,
			ports: nodes.map(portOf),
			streams: ["hot-1", "hot-2", "hot-3"],
			clients: CLIENTS,
			whenUp: () => up,
			isOver: () => isOver,
		});
		const answered = () =>
			Math.min(
				...[...byStream.values()].map(
					(history) => history.filter(({ answered }) => answered !== Infinity).length,
				),
			);
		try {
			await until(() => answered() >= STEP);
			const killed = nodes[0] as Server;
			up = (async () => {
				await killed.stop("SIGKILL");
				nodes[0] = await startNode("nodes", portOf(killed));
			})();
			await up;
			await until(() => answered() >= 2 * STEP);
		} finally {
			isOver = true;
			await finished;
		}
		for (const [stream, history] of byStream) {
			const { ok, stuck } = check(history);
			if (!ok) throw new Error(`SEED=${seed}: ${stream}: ${JSON.stringify(stuck)}`);
		}
		expect(await verifyStore(database.store("nodes"))).toMatchObject({ ok: true, faults: [] });
	});
});

const COMPETING = "application/vnd.eventstore.competingatom+json";

function event(): Omit<Ask, "path"> {
	return {
		headers: { "Content-Type": "application/json", "ES-EventType": "Placed", "ES-EventId": idOf() },
		body: '{"secret":1}',
	};
}

let made = 0;
function idOf(number = 1_000_000 + made++): string {
	return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}
