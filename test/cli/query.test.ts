/** `varve query`: states and the end of a query that a server runs, and Ctrl-C. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeDirectories, type Server, start, startServer, varve } from "./varve.ts";

const QUERY = `fromStream("order-1").when({
	$init() { return { total: 0 } },
	Placed(s, e) { s.total += e.body.amount; log(e.body.amount) },
})`;
const EVENTS = 600;

let server: Server;
const directory = mkdtempSync(join(tmpdir(), "varve-query-"));
const file = (content: string) => {
	const path = join(directory, "query.js");
	writeFileSync(path, content);
	return path;
};

beforeAll(async () => {
	server = await startServer();
	const lines = Array.from({ length: 6 * EVENTS }, (_, n) => {
		const stream = n < EVENTS ? "order-1" : "order-2";
		return `{"stream":"${stream}","type":"Placed","data":{"amount":2}}`;
	});
	await varve(["import", "--source", "x", "--url", server.url], {}, lines.join("\n"));
});
afterAll(async () => {
	await server.stop();
	rmSync(directory, { recursive: true });
	removeDirectories();
});

const query = (operand: string, input?: string) =>
	varve(["query", operand], { VARVE_URL: server.url }, input);

test("prints states and what is logged; how far it is goes to standard error", async () => {
	const { code, stdout, stderr } = await query("-", QUERY);
	const lines = stdout.trim().split("\n");
	expect(code).toBe(0);
	expect(lines[0]).toBe('{"log":{"position":0,"text":"2"}}');
	expect(lines.at(-1)).toBe(`{"state":{"partition":"","state":{"total":${2 * EVENTS}}}}`);
	expect(stderr).toContain(`completed: ${EVENTS} events read`);
});

test("fails with the place of what is wrong", async () => {
	const path = file(QUERY.replace("log(e.body.amount)", "e.no.no"));
	const faulted = await query(path);
	expect([faulted.code, faulted.stderr]).toEqual([
		1,
		expect.stringMatching(/at line 3, column \d+/),
	]);
	expect(faulted.stderr).toContain("0@order-1");
	const none = await query("-", "fromAll(");
	expect([none.code, none.stderr]).toEqual([1, expect.stringContaining("line 1")]);
	expect((await query(join(directory, "not-there.js"))).code).toBe(2);
});

test("Ctrl-C cancels it", async () => {
	const more = QUERY.replace("order-1", "order-2");
	const slow = more.replace("log(", "for (let i = 0; i < 30000; i++) Math.sqrt(i); log(");
	const running = start(["query", file(slow)], { VARVE_URL: server.url });
	await new Promise<void>((resolve) => running.child.stdout?.once("data", () => resolve()));
	running.child.kill("SIGINT");
	const { code, stderr } = await running.finished;
	expect([code, stderr]).toEqual([130, expect.stringContaining("cancelled at position")]);
});
