/** Questions: partial results while they run, how they end, and whose eyes they read with. */
import { randomUUID } from "node:crypto";
import { request } from "node:http";
import type { Json } from "../ask.ts";
import { type Servers, startServers, until } from "../harness.ts";
import { Asker, basic } from "./asker.ts";

const EVENTS = 3000;

let servers: Servers;
let admin: Asker;
beforeAll(async () => {
	servers = await startServers({ insecureDefaults: true, insecure: false, searchesMax: 2 });
	admin = new Asker(servers);
	for (let at = 0; at < EVENTS; at += 1000) {
		const some = Array.from({ length: 1000 }, (_, n) => ({ n: at + n, key: `k${n % 5}` }));
		await admin.append("many-1", "A", ...some);
	}
});
afterAll(() => servers.close());

/** Takes a moment for each event, whatever the machine does. */
const SLOW = `fromStream('many-1').when({
	$init: () => ({ n: 0 }),
	A(s) { s.n++; for (let i = 0; i < 20000; i++) Math.sqrt(i); }
})`;

const names = (lines: readonly Json[]) => lines.map((line) => Object.keys(line)[0]);

async function ask(query: string, asker = admin, parameters = "") {
	const reply = await asker.ask("POST", `/search${parameters}`, query, {
		"Content-Type": "application/javascript",
		Accept: "application/x-ndjson",
	});
	const isLines = reply.headers["content-type"]?.startsWith("application/x-ndjson");
	const lines = isLines
		? (reply.text
				.trim()
				.split("\n")
				.map((one) => JSON.parse(one)) as Json[])
		: [];
	const states = new Map<string, Json>();
	for (const { state } of lines as { state?: Json }[]) {
		if (state) states.set(String(state.partition), state);
	}
	const { status } = reply;
	return { status, reply, lines, states, end: lines.at(-1)?.end as Json };
}

test("it tells states while it runs, and in the end all of them", async () => {
	const query = `fromStream('many-1').partitionBy((e) => e.data.key).when({
		$init: () => ({ n: 0, sum: 0 }),
		A(s, e) { s.n++; s.sum += e.data.n; }
	}).transformBy((s) => ({ mean: s.sum / s.n }))`;
	const { status, lines, states, end } = await ask(query);
	expect(status).toBe(200);
	expect(end).toMatchObject({
		reason: "completed",
		percent: 100,
		read: EVENTS,
		handled: EVENTS,
		partitions: 5,
	});
	expect(end.position).toBe(end.of);
	const told = names(lines);
	const [state, progress] = [told.indexOf("state"), told.indexOf("progress")];
	expect([state >= 0, progress > state, told.lastIndexOf("state") > progress]).toEqual([
		true,
		true,
		true,
	]);
	const first = (lines.find(({ state }) => state) as { state: Json }).state.state as Json;
	expect(Number(first.n)).toBeLessThan(EVENTS / 5);
	expect([...states.keys()].sort()).toEqual(["k0", "k1", "k2", "k3", "k4"]);
	expect(states.get("k1")).toMatchObject({ state: { n: EVENTS / 5 }, result: { mean: 1498.5 } });
	expect((await ask(query, admin, "?partitions=2")).states.size).toBe(2);
});

test("it writes nothing: what a query emits and logs is told", async () => {
	const stream = `source-${randomUUID()}`;
	await admin.append(stream, "A", { n: 1 }, { n: 2 });
	const query = `fromStream('${stream}').when({
		A(s, e) { emit('${stream}-out', 'B', { n: e.data.n }); log('saw ' + e.data.n); }
	})`;
	const before = await admin.events(`${stream}-out`);
	const { lines, end } = await ask(query);
	expect(names(lines)).toEqual(["log", "log", "emitted", "emitted", "state", "end"]);
	expect(lines[2]?.emitted).toMatchObject({ stream: `${stream}-out`, type: "B", data: '{"n":1}' });
	expect(end).toMatchObject({ reason: "completed", logged: 2, emitted: 2 });
	expect([before, await admin.events(`${stream}-out`)]).toEqual([[], []]);
});

test("a fault ends it, with its place, the event, and the states from before that", async () => {
	const query = `fromStream('many-1').when({
	$init: () => ({ n: 0 }),
	A(s, e) {
		s.n++;
		if (e.data.n === 777) throw new Error('<777>');
	}
})`;
	const { states, end } = await ask(query);
	expect(states.get("")?.state).toEqual({ n: 777 });
	expect(end).toMatchObject({
		reason: "faulted",
		handled: 777,
		fault: { kind: "thrown", line: 5, column: 35, event: { stream: "many-1", number: 777 } },
	});
	expect((end.fault as Json).description).toContain("<777> at line 5");
	const unread = await ask("fromAll().when({");
	expect([unread.status, unread.reply.json.line]).toEqual([400, 1]);
	expect((await ask("")).status).toBe(400);
	expect((await ask("fromAll()", admin, "?partitions=0")).status).toBe(400);
});

test("it ends when its time is over, and a client that leaves cancels it", async () => {
	const short = await startServers({ insecure: true, searchMs: 200 });
	try {
		const asker = new Asker(short);
		await asker.append("many-1", "A", ...Array.from({ length: 3000 }, (_, n) => ({ n })));
		const { end } = await ask(SLOW, asker);
		expect(end).toMatchObject({ reason: "time-max" });
		expect(Number(end.position)).toBeLessThan(Number(end.of));
	} finally {
		await short.close();
	}
	const sent = request(`${servers.url}/search`, {
		method: "POST",
		headers: {
			Authorization: basic("admin", "changeit"),
			"Content-Type": "application/javascript",
		},
	});
	sent.on("error", () => undefined);
	const begun = new Promise<void>((resolve) => {
		sent.on("response", (answer) => answer.once("data", () => resolve()));
	});
	sent.end(SLOW);
	await begun;
	const { searches, projections } = servers.server.context;
	expect([searches.running, projections.around.scripts.usage().scripts]).toEqual([1, 1]);
	sent.destroy();
	await until(async () => {
		return searches.running === 0 && projections.around.scripts.usage().scripts === 0;
	});
});

test("only some run at a time", async () => {
	const gone = new AbortController();
	const running = [1, 2].map(() =>
		fetch(`${servers.url}/search`, {
			method: "POST",
			headers: { Authorization: basic("admin", "changeit"), "Content-Type": "text/plain" },
			body: SLOW,
			signal: gone.signal,
		}),
	);
	await Promise.all(running);
	const refused = await ask("fromAll()");
	expect([refused.status, refused.reply.json.queue]).toEqual([503, "searches"]);
	gone.abort();
	await until(async () => servers.server.context.searches.running === 0);
});

test("whoever asks sees what they may read, and nobody else asks", async () => {
	const stream = `secret-${randomUUID()}`;
	await admin.append(stream, "A", {});
	await admin.ask("POST", `/streams/${stream}/metadata`, '{"$acl":{"$r":"admin"}}', {
		"Content-Type": "application/json",
		"ES-EventType": "$metadata",
		"ES-EventId": randomUUID(),
	});
	const body = { loginName: "jo", fullName: "", groups: [], password: "a good secret" };
	await admin.ask("POST", "/users", JSON.stringify(body), { "Content-Type": "application/json" });
	const user = admin.as(basic("jo", "a good secret"));
	const everything =
		"fromAll().when({ $init: () => ({ n: 0 }), $any(s, e) { if (e.streamId === " +
		`'${stream}') s.n++; } })`;
	expect((await ask(everything, user)).states.get("")?.state).toEqual({ n: 0 });
	expect((await ask(everything)).states.get("")?.state).toEqual({ n: 1 });
	expect((await ask(`fromStream('${stream}').when({ A(s) { s.n = 1; } })`, user)).status).toBe(401);
	const nobody = await servers.ask({ method: "POST", path: "/search", body: everything });
	expect(nobody.status).toBe(401);
});
