import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newDirectory, type Server, startServer, varve } from "./varve.ts";

let server: Server;
let files: string;
let key: string;
beforeAll(async () => {
	files = newDirectory();
	server = await startServer();
	await appendTo("order-1", 3);
	await saved("three.checkpoint", await text("checkpoint"));
	await appendTo("order-2", 300);
	key = (await text("key")).trim();
});
afterAll(() => server.stop());

describe("varve prove", () => {
	test.each([0, 2, 255, 256, 302])("proves the event at position %i", async (position) => {
		const made = await varve(["prove", String(position), "--url", server.url]);
		expect([made.code, made.stderr]).toEqual([0, ""]);
		const file = saved(`${position}.tlog-proof`, made.stdout);
		const { code, stdout } = await varve(["prove", "--check", file, "--key", key]);
		expect(code).toBe(0);
		const [stream, version] = position < 3 ? ["order-1", position] : ["order-2", position - 3];
		expect(stdout).toMatch(/^proven: in varve\/[0-9a-f]{16} of 303 events stands\n/);
		expect(stdout).toContain(`stream    ${stream}, version ${version}\n`);
		expect(stdout).toContain("type      Placed\n");
	});

	test("proves that the log was only added to", async () => {
		const since = join(files, "three.checkpoint");
		const made = await varve(["prove", "--since", since, "--url", server.url]);
		expect([made.code, made.stderr]).toEqual([0, ""]);
		const file = saved("grown", made.stdout);
		const args = ["prove", "--check", file, "--since", since, "--key", key];
		const { code, stdout } = await varve(args);
		expect([code, stdout]).toEqual([
			0,
			expect.stringMatching(/of 303 events begins with the 3 it had\n$/),
		]);
	});

	test("refuses what does not hold, without a server", async () => {
		const made = await varve(["prove", "7", "--url", server.url]);
		const other = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
		const forged = made.stdout.replace("index 7", "index 8");
		const short = made.stdout.split("\n").toSpliced(3, 1).join("\n");
		for (const [text, by, reason] of [
			[made.stdout, other, /not signed by the key of sum\.golang\.org/],
			[forged, key, /does not say of which event/],
			[short, key, /not in the tree/],
			["", key, /it is no proof/],
		] as const) {
			const file = saved("forged", text);
			const { code, stdout, stderr } = await varve(["prove", "--check", file, "--key", by]);
			expect([code, stdout]).toEqual([1, ""]);
			expect(stderr).toMatch(reason);
		}
	});

	test.each([
		[["prove"], 2, /takes a POSITION or --since/],
		[["prove", "x"], 2, /a position is a whole number/],
		[["prove", "-1"], 2, /unknown|whole number/],
		[["prove", "1", "--since", "f"], 2, /one of them/],
		[["prove", "--check", "f"], 2, /takes the log's --key/],
		[["prove", "1", "--key", "k"], 2, /no key of the form/],
		[["prove", "--check", "/nowhere/f", "--key", "KEY"], 1, /no such file/],
		[["prove", "303"], 1, /the log has 303 events, and none at position 303/],
	] as const)("%j is refused", async (args, code, reason) => {
		const given = args.map((arg) => (arg === "KEY" ? key : arg));
		const done = await varve([...given, "--url", server.url]);
		expect([done.code, done.stdout]).toEqual([code, ""]);
		expect(done.stderr).toMatch(reason);
	});

	test("goes on proving with the same key after kill -9", async () => {
		await server.stop("SIGKILL");
		server = await startServer(server.data);
		const since = join(files, "three.checkpoint");
		const made = await varve(["prove", "--since", since, "--url", server.url, "--key", key]);
		expect([made.code, made.stderr]).toEqual([0, ""]);
		expect((await text("key")).trim()).toBe(key);
	});
});

function saved(name: string, text: string): string {
	const file = join(files, name);
	writeFileSync(file, text);
	expect(readFileSync(file, "utf8")).toBe(text);
	return file;
}

async function text(path: string): Promise<string> {
	const answer = await fetch(`${server.url}/log/${path}`);
	expect(answer.status).toBe(200);
	return answer.text();
}

async function appendTo(stream: string, count: number): Promise<void> {
	const lines = Array.from({ length: count }, (_, i) =>
		JSON.stringify({ id: randomUUID(), stream, type: "Placed", data: { i } }),
	);
	const { code } = await varve(["import", "--url", server.url], {}, lines.join("\n"));
	expect(code).toBe(0);
}
