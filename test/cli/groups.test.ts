/**
 * `varve group`, `varve position`, and `varve follow` with either, on a real server that is killed,
 * as one of its members is.
 */
import {
	removeDirectories,
	type Server,
	type Started,
	start,
	startServer,
	until,
	varve,
} from "./varve.ts";

let server: Server;
const run = (...args: string[]) => varve(args, { VARVE_URL: server.url });
const follow = (...args: string[]) => start(["follow", ...args], { VARVE_URL: server.url });
let count = 0;
/** Over HTTP, because a process for each turn takes long. */
async function append(streams: number, times: number): Promise<void> {
	const headers = { "Content-Type": "application/vnd.eventstore.events+json" };
	for (let turn = 0; turn < times; turn++, count++) {
		for (let number = 0; number < streams; number++) {
			const event = { eventId: crypto.randomUUID(), eventType: "T", data: { n: count } };
			const path = `${server.url}/streams/order-${number}`;
			const reply = await fetch(path, { method: "POST", headers, body: JSON.stringify([event]) });
			expect(reply.status).toBe(201);
		}
	}
}

type Line = { readonly stream: string; readonly data: { readonly n: number } };
const linesOf = ({ stdout }: Started): Line[] =>
	stdout()
		.split("\n")
		.filter((line) => line.endsWith("}"))
		.map((line) => JSON.parse(line) as Line);

beforeAll(async () => {
	server = await startServer();
});
afterAll(async () => {
	await server.stop();
	removeDirectories();
});

test("a group is made, shown, changed, listed and deleted", async () => {
	expect(await run("group", "create", "g", "$ce-order", "--partitions", "4")).toMatchObject({
		code: 0,
		stdout: "group g made\n",
	});
	expect((await run("group", "create", "g", "$ce-order", "--partitions", "4")).stderr).toMatch(
		/does not meet If-None-Match/,
	);
	const settings = ["--settings", '{"leaseMilliseconds":2000}'];
	const changed = await run("group", "update", "g", "$ce-order", "--partitions", "6", ...settings);
	expect(changed.stdout).toBe("group g changed\n");
	const shown = JSON.parse((await run("group", "show", "g")).stdout) as object;
	expect(shown).toMatchObject({ partitions: 6, leaseMilliseconds: 2000, members: [] });
	expect(await run("group", "reset", "g", "--from", "beginning")).toMatchObject({
		code: 0,
		stdout: "group g goes on at number 0\n",
	});
	expect((await run("group", "reset", "g", "--from", "end")).stdout).toContain("at the end");
	expect((await run("group", "reset", "g", "--from", "99999")).stderr).toContain("nobody can have");
	expect((await run("group", "delete", "g")).code).toBe(0);
	expect((await run("group", "update", "g", "$ce-order", "--partitions", "6")).stderr).toMatch(
		/does not meet If-Match/,
	);
});

test.each([
	[["group"], /action is missing/],
	[["group", "create", "g", "s", "--partitions", "2", "--settings", "x"], /takes a JSON object/],
	[["group", "reset", "g"], /--from with a number/],
	[["group", "reset", "g", "--from", "-1"], /--from with a number/],
	[["follow", "s", "--group", "g", "--position", "p"], /one place keeps/],
	[["follow", "s", "--group", "g", "--from", "3"], /the group says where/],
])("%j is a wrong command line", async (args, said) => {
	const { code, stderr } = await run(...args);
	expect([code, stderr]).toEqual([2, expect.stringMatching(said)]);
});

test("a follower that keeps its position at the server goes on there", async () => {
	await append(3, 1);
	const first = follow("$ce-order", "--position", "index");
	await until(() => linesOf(first).length === 3, "three lines");
	first.child.kill("SIGTERM");
	expect((await first.finished).code).toBe(0);
	await append(3, 1);
	const second = follow("$ce-order", "--position", "index");
	await until(() => linesOf(second).length === 3, "three more");
	expect(linesOf(second).map(({ data }) => data.n)).toEqual([1, 1, 1]);
	second.child.kill("SIGTERM");
	await second.finished;
	expect((await run("follow", "$all", "--position", "index")).stderr).toMatch(/another name/);
	const list = (await run("position", "list")).stdout;
	expect(JSON.parse(list)).toMatchObject({ name: "index", lagEvents: 0 });
	expect((await run("position", "delete", "index")).stdout).toBe("position index deleted\n");
});

test("a member and the server are killed, and nothing is lost", async () => {
	const made = ["$ce-order", "--partitions", "8", "--settings", '{"leaseMilliseconds":1500}'];
	expect((await run("group", "create", "work", ...made)).code).toBe(0);
	const members = [follow("--group", "work"), follow("--group", "work")];
	const all = () => members.flatMap(linesOf);
	await append(10, 2);
	const before = count - 2;
	const shown = async () => {
		const reply = await fetch(`${server.url}/groups/work`);
		return (await reply.json()) as { lagEvents: number; members: unknown[] };
	};
	const isThere = (turns: number) => () => {
		const seen = all().filter(({ data }) => data.n >= before);
		return new Set(seen.map(({ stream, data }) => `${stream} ${data.n}`)).size === 10 * turns;
	};
	await until(isThere(2), "two turns");
	members[0]?.child.kill("SIGKILL");
	await append(10, 2);
	await until(isThere(4), "what the other one takes over");
	await server.stop("SIGKILL");
	server = await startServer(server.data, Number(new URL(server.url).port));
	await append(10, 2);
	await until(isThere(6), "what comes after the restart");
	// On a busy machine its lease may have ended before it said how far it was.
	await until(async () => (await shown()).lagEvents === 0, "all to be acknowledged");
	members[1]?.child.kill("SIGTERM");
	expect((await members[1]?.finished)?.code).toBe(0);
	expect(await shown()).toMatchObject({ members: [], lagEvents: 0 });
});
