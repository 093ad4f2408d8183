/** Groups with partitions, while another one of several servers over one database begins to lead. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type GroupEvent, readGroup } from "../../../feeds/index.ts";
import { newDirectory, removeDirectories, type Server, startServer } from "../../cli/varve.ts";
import { type Ask, ask, batch, get, type Json } from "../../http/ask.ts";
import { until } from "../../http/harness.ts";
import { describePostgres, type PostgresServer, startPostgres } from "./server.ts";

const LEASE_MS = 3000;
const STREAMS = 6;
const PARTITIONS = 4;

type Held = { readonly partition: number; readonly generation: number; readonly at: number };

describePostgres("a group whose leading server dies", () => {
	let database: PostgresServer;
	let nodes: Server[];

	const startNode = () =>
		startServer(newDirectory(), undefined, ["--allow-anonymous"], {
			VARVE_STORE: database.store("groups"),
			VARVE_SESSION_KEY: "x".repeat(32),
		});
	const portOf = ({ url }: Server) => Number(new URL(url).port);
	const leads = async (node: Server) =>
		(await ask(portOf(node), get("/health/leader"))).status === 204;
	const leader = () =>
		until(async () => {
			for (const node of nodes) if (await leads(node)) return node;
			return undefined;
		});
	/** @returns the one that leads then */
	async function killLeader(): Promise<Server> {
		const killed = await leader();
		nodes = nodes.filter((node) => node !== killed);
		await killed.stop("SIGKILL");
		return leader();
	}
	const send = (node: Server, method: string, path: string, body?: object) => {
		const headers = { "Content-Type": "application/json" };
		const text = body && { body: JSON.stringify(body) };
		return ask(portOf(node), { method, path: `/groups${path}`, headers, ...text } as Ask);
	};
	async function append(n: number): Promise<void> {
		const [node] = nodes as [Server];
		const event = { eventId: crypto.randomUUID(), eventType: "Placed", data: { n } };
		const { status } = await ask(portOf(node), batch(`order-${n % STREAMS}`, [event]));
		expect(status).toBe(201);
	}

	beforeAll(async () => {
		database = await startPostgres();
		nodes = await Promise.all([startNode(), startNode()]);
	});
	afterAll(async () => {
		await Promise.all((nodes ?? []).map((node) => node.stop()));
		database?.remove();
		removeDirectories();
	});

	test("takes no late checkpoint, and gives nothing away before the lease of its owner", async () => {
		const definition = { stream: "$ce-order", partitions: PARTITIONS, leaseMilliseconds: LEASE_MS };
		for (let n = 0; n < 30; n++) await append(n);
		const before = await leader();
		expect((await send(before, "PUT", "/fenced", definition)).status).toBe(201);
		const { member: old, partitions } = (await send(before, "POST", "/fenced/members", {}))
			.json as Json & { member: string; partitions: readonly Held[] };
		expect(partitions).toHaveLength(PARTITIONS);
		const said = (at: number) => ({ checkpoints: partitions.map((one) => ({ ...one, at })) });
		const renewedMs = performance.now();
		expect((await send(before, "POST", `/fenced/members/${old}`, said(5))).status).toBe(200);

		const now = await killLeader();
		const late = await send(now, "POST", `/fenced/members/${old}`, said(20));
		expect([late.status, late.json.type]).toEqual([409, "urn:varve:problem:lease-lost"]);
		const join = async () => {
			const { json } = await send(now, "POST", "/fenced/members", {});
			return `/fenced/members/${json.member}`;
		};
		let path = await join();
		const got = await until(async () => {
			const { status, json } = await send(now, "POST", path, {});
			// On a busy machine its own lease may end before it says a word.
			if (status === 409) path = await join();
			const held = json.partitions as readonly Held[];
			return held?.length === PARTITIONS ? held : undefined;
		});
		expect(performance.now()).toBeGreaterThan(renewedMs + LEASE_MS);
		expect(got.map(({ at }) => at)).toEqual([5, 5, 5, 5]);
		for (const { partition, generation } of got) {
			expect(generation).toBeGreaterThan(partitions[partition]?.generation ?? Infinity);
		}
		// Not even under the name of the new member.
		const lost = await send(now, "POST", path, said(20));
		expect([lost.status, lost.json.type]).toEqual([409, "urn:varve:problem:partitions-lost"]);
		expect((await send(now, "GET", "/fenced")).json.at).toBe(5);
		nodes.push(await startNode());
	});

	test("keeps each key in order, and no partition goes back to an owner of before", async () => {
		const handled: GroupEvent[] = [];
		const balancer = await startBalancer();
		balancer.leadTo(portOf(await leader()));
		const over = new AbortController();
		const member = async (name: string) => {
			const group = { group: "ordered", stream: "$ce-order", partitions: PARTITIONS };
			const habits = { name, leaseMilliseconds: LEASE_MS, checkpointMs: 0, signal: over.signal };
			for await (const event of readGroup({ url: balancer.url, ...group, ...habits })) {
				handled.push(event);
			}
		};
		const members = [member("a"), member("b")];
		for (let n = 30; n < 60; n++) await append(n);
		await until(() => handled.length >= 30);
		balancer.leadTo(portOf(await killLeader()));
		for (let n = 60; n < 90; n++) await append(n);
		const seen = () => new Set(handled.map(({ stream, version }) => `${version}@${stream}`));
		await until(() => seen().size === 90);
		over.abort();
		await Promise.all(members);
		balancer.close();
		const newest = new Map<string, { generation: number; version: number }>();
		for (const { stream, version, generation } of handled) {
			const before = newest.get(stream) ?? { generation: 0, version: -1 };
			expect(generation).toBeGreaterThanOrEqual(before.generation);
			// One owner hands out each event once, in order; another one may begin further back.
			const first = generation === before.generation ? before.version + 1 : 0;
			expect(version).toBeGreaterThanOrEqual(first);
			if (generation === before.generation) expect(version).toBe(first);
			newest.set(stream, { generation, version });
		}
	});
});

/** What stands before the servers: it leads all connections to one of them. */
async function startBalancer() {
	const sockets = new Set<Socket>();
	let port = 0;
	const server = createServer((socket) => {
		const target = connect(port, "127.0.0.1");
		for (const one of [socket, target]) {
			sockets.add(one);
			one.on("error", () => one.destroy());
			one.on("close", () => {
				sockets.delete(one);
				socket.destroy();
				target.destroy();
			});
		}
		socket.pipe(target).pipe(socket);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const drop = () => {
		for (const socket of sockets) socket.destroy();
	};
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		leadTo(to: number): void {
			port = to;
			drop();
		},
		close(): void {
			server.close();
			drop();
		},
	};
}
