/** `varve streams` and `varve delete`, on a real server. */
import { removeDirectories, type Server, start, startServer, varve } from "./varve.ts";

let server: Server;
const run = (...args: string[]) => varve(args, { VARVE_URL: server.url });
/** Over HTTP, because a process for each event takes long. */
const append = (stream: string, type = "T", body = "{}") =>
	fetch(`${server.url}/streams/${encodeURIComponent(stream)}`, {
		method: "POST",
		headers: {
			"Content-Type": "application/json",
			"ES-EventType": type,
			"ES-EventId": crypto.randomUUID(),
		},
		body,
	});
const listed = async (...args: string[]) =>
	(await run("streams", ...args)).stdout.split("\n").filter(Boolean);

beforeAll(async () => {
	server = await startServer();
});
afterAll(async () => {
	await server.stop();
	removeDirectories();
});

describe("varve streams", () => {
	test("lists nothing of an empty log, and does not fail", async () => {
		expect(await run("streams")).toEqual({ code: 0, stdout: "", stderr: "" });
	});

	test("lists the streams that show events, in the order in which they began", async () => {
		const odd = ["odd/ é", "0@x", "a b"];
		for (const stream of ["order-1", "order-2", "invoice-1", "cut-1", ...odd]) await append(stream);
		for (const stream of ["gone-1", "back-1", "over-1"]) {
			await append(stream);
			await run("delete", stream, ...(stream === "over-1" ? ["--hard", "--yes"] : []));
		}
		await append("back-1");
		// Its first event is hidden, and it is there all the same.
		await append("cut-1");
		await append("$$cut-1", "$metadata", '{"$maxCount":1}');
		const rest = [...odd, "back-1"];
		expect(await listed()).toEqual(["order-1", "order-2", "invoice-1", "cut-1", ...rest]);
		expect(await listed("order-")).toEqual(["order-1", "order-2"]);
		expect(await listed("odd/ ")).toEqual(["odd/ é"]);
		expect(await listed("nothing")).toEqual([]);
	});

	test("lists more than fit on a page, each once", async () => {
		const names = Array.from({ length: 520 }, (_, index) => `many-${index}`);
		const lines = names.map((stream) => JSON.stringify({ stream, type: "T" }));
		await varve(["import", "--source", "x", "--url", server.url], {}, lines.join("\n"));
		expect((await listed("many-")).sort()).toEqual(names.sort());
	});

	test("ends quietly when nobody reads on", async () => {
		const listing = start(["streams"], { VARVE_URL: server.url });
		listing.child.stdout?.destroy();
		expect(await listing.finished).toMatchObject({ code: 0, stderr: "" });
	});
});

describe("varve delete", () => {
	test("hides a stream until the next append", async () => {
		await append("soft");
		expect(await run("delete", "soft")).toEqual({
			code: 0,
			stdout: "soft deleted\n",
			stderr: "",
		});
		expect((await run("read", "soft")).code).toBe(1);
		await append("soft");
		expect((await run("read", "soft")).stdout).toContain('"version":1');
	});

	test("fails if there is nothing to hide: the name may hold a mistake", async () => {
		expect(await run("delete", "softt")).toEqual({
			code: 1,
			stdout: "",
			stderr: "varve: stream 'softt' has no events\n",
		});
	});

	test("refuses another version than the expected one", async () => {
		await append("at-0");
		const { code, stderr } = await run("delete", "at-0", "--expected-version", "7");
		expect([code, stderr]).toEqual([
			1,
			"varve: wrong expected version 7: at-0 is at 0; nothing was deleted\n",
		]);
		expect((await run("delete", "at-0", "--expected-version", "0")).code).toBe(0);
	});

	test.each([
		["another name", "hart\n", "'hart' is not 'hard'"],
		["no name", "\n", "'' is not 'hard'"],
		["the end of the input", "", "no name was typed"],
	])("with --hard, deletes nothing for %s", async (_, typed, words) => {
		await append("hard");
		const { code, stdout, stderr } = await varve(
			["delete", "hard", "--hard"],
			{ VARVE_URL: server.url },
			typed,
		);
		expect([code, stdout]).toEqual([1, ""]);
		expect(stderr).toContain(words);
		expect(stderr).toContain("nothing was deleted");
		expect((await run("read", "hard")).code).toBe(0);
	});

	test("with --hard and the stream's name, or --yes, ends it for ever", async () => {
		await append("typed");
		const answer = await varve(["delete", "typed", "--hard"], { VARVE_URL: server.url }, "typed\n");
		expect([answer.code, answer.stdout]).toEqual([0, "typed deleted for ever\n"]);
		expect((await append("typed")).status).toBe(410);
		await append("sure");
		await run("delete", "sure");
		expect((await run("delete", "sure", "--hard", "--yes")).code).toBe(0);
		expect((await append("sure")).status).toBe(410);
	});

	test("refuses what no client may delete", async () => {
		const { code, stderr } = await run("delete", "$all", "--hard", "--yes");
		expect([code, stderr]).toEqual([1, expect.stringContaining("$all")]);
	});
});
