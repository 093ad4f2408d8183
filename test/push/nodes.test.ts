/** Webhooks of several servers over one database: the one that leads sends, and the next one goes on. */
import { randomUUID } from "node:crypto";
import { newDirectory, removeDirectories, type Server, startServer } from "../cli/varve.ts";
import { type Ask, ask, batch, get } from "../http/ask.ts";
import { until } from "../http/harness.ts";
import { describePostgres, type PostgresServer, startPostgres } from "../log/postgres/server.ts";
import { type Receiver, receiver } from "./receiver.ts";

type Sent = { readonly node: string; readonly stream: string; readonly version: number };

describePostgres("webhooks over one database", () => {
	let database: PostgresServer;
	let target: Receiver;
	const nodes = new Map<string, Server>();
	const seen: Sent[] = [];

	/** The links in what it sends name the node. */
	const start = (name: string) =>
		startServer(
			newDirectory(),
			undefined,
			[
				...["--public-url", `http://${name}.example`, "--push-allow", "127.0.0.1"],
				"--allow-anonymous",
			],
			{
				VARVE_STORE: database.store("push"),
				VARVE_SESSION_KEY: "x".repeat(32),
				VARVE_PUSH_KEY: "y".repeat(32),
			},
		);
	const at = ({ url }: Server, request: Ask) => ask(Number(new URL(url).port), request);
	const leads = async (node: Server) => (await at(node, get("/health/leader"))).status === 204;

	async function leader(): Promise<[name: string, node: Server]> {
		return until(async () => {
			for (const [name, node] of nodes) if (await leads(node)) return [name, node] as const;
			return undefined;
		}) as Promise<[string, Server]>;
	}

	/** Appends by any of them. */
	async function append(count: number): Promise<void> {
		for (let each = 0; each < count; each++) {
			const event = { eventId: randomUUID(), eventType: "t", data: each };
			const request = batch(`order-${each % 3}`, [event]);
			// The same event again, where a server was dying.
			await until(async () => {
				const all = [...nodes.values()];
				const node = all[each % all.length] as Server;
				const reply = await at(node, request).catch(() => undefined);
				return reply?.status === 201;
			});
			appended++;
		}
	}
	let appended = 0;

	beforeAll(async () => {
		database = await startPostgres();
		target = await receiver(({ body }) => {
			const { data } = JSON.parse(body);
			const node = new URL(data.event).hostname.replace(".example", "");
			seen.push({ node, stream: data.stream, version: data.version });
			return seen.length % 7 === 0 ? 500 : 200;
		});
		for (const name of ["one", "two"]) nodes.set(name, await start(name));
	});
	afterAll(async () => {
		await Promise.all([...nodes.values()].map((node) => node.stop()));
		await target?.close();
		database?.remove();
		removeDirectories();
	});

	/** Each event arrives, and none before the one before it in its stream has come. */
	async function expectAll(): Promise<void> {
		const next = new Map<string, number>();
		for (const { stream, version } of await allOf(appended)) {
			const expected = next.get(stream) ?? 0;
			expect(version).toBeLessThanOrEqual(expected);
			if (version === expected) next.set(stream, expected + 1);
		}
		expect([...next.values()].reduce((all, one) => all + one, 0)).toBe(appended);
	}

	async function allOf(count: number): Promise<readonly Sent[]> {
		const names = () => new Set(seen.map(({ stream, version }) => `${version}@${stream}`));
		await until(() => names().size >= count);
		return seen;
	}

	test("the one that leads sends alone; others refuse what is for it", async () => {
		const [name, node] = await leader();
		const settings = { url: target.url, stream: "$ce-order", start: 0, format: "json" };
		const body = JSON.stringify({ ...settings, backoffMs: 1, backoffMsMax: 5, tries: 100 });
		const headers = { "Content-Type": "application/json" };
		const put: Ask = { method: "PUT", path: "/webhooks/w", headers, body };
		const [other] = [...nodes.values()].filter((one) => one !== node) as [Server];
		expect((await at(other, put)).status).toBe(503);
		expect((await at(node, put)).status).toBe(201);
		await append(30);
		await expectAll();
		expect(new Set(seen.map((sent) => sent.node))).toEqual(new Set([name]));
	});

	test("when it is killed, the next one goes on from its place: nothing is lost, and order stays", async () => {
		const [name, node] = await leader();
		const work = append(40);
		await until(() => seen.length > 40);
		nodes.delete(name);
		await node.stop("SIGKILL");
		nodes.set("three", await start("three"));
		await work;
		// What came before may all have been sent by then.
		await append(5);
		await expectAll();
		const [next] = await leader();
		expect(next).not.toBe(name);
		expect(new Set(seen.slice(-5).map((sent) => sent.node))).toEqual(new Set([next]));
	}, 120_000);

	test("when it is cut off from the database, it stops, and sends nothing beside the next one", async () => {
		const [name] = await leader();
		const before = seen.length;
		// Its session is its seat: without it, another one leads.
		await database.sql(
			"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted",
		);
		await append(60);
		await expectAll();
		const [next] = await leader();
		const senders = seen.slice(before).map(({ node }) => node);
		// It may have had requests under way, and not more than it may have at a time.
		const firstOfNext = next === name ? senders.length : senders.indexOf(next);
		const late = senders.slice(Math.max(0, firstOfNext)).filter((node) => node !== next);
		expect(late.length).toBeLessThanOrEqual(4);
	}, 120_000);
});
