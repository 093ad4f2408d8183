/** Another program holds a lock on the database: a backup tool, or a database shell. */
import { join } from "node:path";
import Database from "better-sqlite3";
import { removeDirectories } from "../cli/varve.ts";
import { closeStore, event, events, idsOf, openStore } from "../faults/store.ts";
import { get, type Reply } from "../http/ask.ts";
import { until } from "../http/harness.ts";

afterAll(removeDirectories);

function expectLocked(reply: Reply): void {
	expect([reply.status, reply.json.type]).toEqual([503, "urn:varve:problem:log-locked"]);
	expect(Number(reply.headers["retry-after"])).toBeGreaterThan(0);
}

test("what another program's lock keeps from being written is refused, and nothing else fails", async () => {
	const store = await openStore();
	const kept = events(600, "x");
	for (const stream of ["s-1", "s-2", "s-3"])
		expect((await store.append(stream, kept)).status).toBe(201);
	const metadata = [{ ...event({ $maxCount: 1 }), eventType: "$metadata" }];
	for (const stream of ["s-1", "s-2"])
		expect((await store.append(`$$${stream}`, metadata)).status).toBe(201);
	// It rests long enough after a step to meet the lock in the next.
	const scavenge = await store.ask({ method: "POST", path: "/admin/scavenge?throttlePercent=10" });
	const run = `/streams/$scavenges-${/[\da-f]{8}-[\da-f-]{27}/.exec(scavenge.text)}`;

	const lines = (await store.ask(get("/admin/export"))).text.split("\n", 5).join("\n");
	const headers = { "Content-Type": "application/x-ndjson" };
	const imported = () => store.ask({ method: "POST", path: "/admin/import", headers, body: lines });

	const other = new Database(join(store.data, "log.sqlite"));
	other.exec("BEGIN EXCLUSIVE");
	const refused = [
		store.append("s-3", [event()]),
		store.append("s-4", [event()]),
		store.ask({ method: "DELETE", path: "/streams/s-3" }),
		imported(),
	];
	expect((await store.ask(get("/streams/s-3"))).status).toBe(200);
	for (const reply of await Promise.all(refused)) expectLocked(reply);
	expect((await store.ask(get("/streams/s-4"))).status).toBe(404);
	other.exec("ROLLBACK");
	other.close();

	expect((await imported()).json.written).toBe(0);
	const next = event();
	expect((await store.append("s-3", [next])).status).toBe(201);
	expect(await idsOf(store, "s-3")).toEqual([...kept, next].map(({ eventId }) => eventId));
	const result = async () => (await store.ask(get(`${run}?embed=body`))).text;
	await until(async () => (await result()).includes("$scavengeCompleted"));
	expect(await result()).toContain("Success");
	expect((await closeStore(store)).stderr).not.toMatch(/ (?:WARN|ERROR) /);
});
