import { randomUUID } from "node:crypto";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newDirectory, type Server, startServer, varve } from "../varve.ts";

const GOLANG = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";

let server: Server;
let backup: string;
let files: string;
let key: string;
beforeAll(async () => {
	files = newDirectory();
	server = await startServer();
	await appendTo("order-1", 3);
	await saved("three.checkpoint", await text("checkpoint"));
	await appendTo("order-2", 300);
	key = (await text("key")).trim();
	backup = join(newDirectory(), "backup");
	expect((await varve(["backup", backup, "--data", server.data])).code).toBe(0);
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
		expect(stdout).toMatch(/^proven: varve\/[0-9a-f]{16} of 303 events holds\n/);
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
			expect.stringMatching(/of 303 events begins with the 3 that it had\n$/),
		]);
	});

	test("refuses what does not hold, without a server", async () => {
		const made = await varve(["prove", "7", "--url", server.url]);
		const forged = made.stdout.replace("index 7", "index 8");
		const short = made.stdout.split("\n").toSpliced(3, 1).join("\n");
		for (const [text, by, reason] of [
			[made.stdout, GOLANG, /not signed by the key of sum\.golang\.org/],
			[forged, key, /does not name its event/],
			[short, key, /not in the tree/],
			["", key, /it is not a proof/],
		] as const) {
			const file = saved("forged", text);
			const { code, stdout, stderr } = await varve(["prove", "--check", file, "--key", by]);
			expect([code, stdout]).toEqual([1, ""]);
			expect(stderr).toMatch(reason);
		}
	});

	test.each([
		[["prove"], 2, /name either a POSITION or --since/],
		[["prove", "x"], 2, /POSITION x: it must be a whole number/],
		[["prove", "-1"], 2, /unknown|whole number/],
		[["prove", "1", "--since", "f"], 2, /name either a POSITION or --since/],
		[["prove", "--check", "f"], 2, /add the log's --key/],
		[["prove", "1", "--key", "k"], 2, /not an Ed25519 key of the form/],
		[["prove", "--check", "/nowhere/f", "--key", "KEY"], 1, /no such file/],
		[["prove", "303"], 1, /the log has 303 events, and none at position 303/],
	] as const)("%j is refused", async (args, code, reason) => {
		const given = args.map((arg) => (arg === "KEY" ? key : arg));
		const done = await varve([...given, "--url", server.url]);
		expect([done.code, done.stdout]).toEqual([code, ""]);
		expect(done.stderr).toMatch(reason);
	});

	test.each([
		["a data directory beside its server", () => server.data],
		["a backup, which no server has", () => backup],
	])("proves from %s what its server proves", async (_, directoryOf) => {
		const data = directoryOf();
		const since = join(files, "three.checkpoint");
		const before = contentOf(data);
		for (const what of [["0"], ["255"], ["302"], ["--since", since]]) {
			const asked = await varve(["prove", ...what, "--url", server.url]);
			const made = await varve([
				"prove",
				...what,
				"--data",
				data,
				"--url",
				"http://nowhere.invalid",
			]);
			expect(made).toEqual(asked);
			const file = saved("offline", made.stdout);
			const older = what[0] === "--since" ? what : [];
			const checked = await varve(["prove", "--check", file, ...older, "--key", key]);
			expect([checked.code, checked.stderr]).toEqual([0, ""]);
		}
		expect(contentOf(data)).toEqual(before);
	});

	test("proves nothing from what is not the log, or not the one that was signed for", async () => {
		for (const [args, code, reason] of [
			[["1", "--data", newDirectory()], 1, /cannot be used: it holds no log/],
			[["303", "--data", backup], 1, /the log has 303 events, and none at position 303/],
			[["1", "--data", backup, "--key", GOLANG], 1, /the signed head: it is not signed by/],
			[["--check", "f", "--key", GOLANG, "--data", backup], 2, /leave out --data/],
		] as const) {
			const done = await varve(["prove", ...args]);
			expect([done.code, done.stdout]).toEqual([code, ""]);
			expect(done.stderr).toMatch(reason);
		}
		const rewound = newDirectory();
		cpSync(backup, rewound, { recursive: true });
		await appendTo("order-3", 1);
		writeFileSync(join(rewound, "log.checkpoint"), await text("checkpoint"));
		const gone = await varve(["prove", "1", "--data", rewound]);
		expect([gone.code, gone.stdout]).toEqual([1, ""]);
		expect(gone.stderr).toMatch(
			/signed for 304 events, and has 303; after a .*; otherwise .* varve verify/,
		);
		rmSync(join(rewound, "log.key"));
		const keyless = await varve(["prove", "1", "--data", rewound]);
		expect([keyless.code, keyless.stderr]).toEqual([1, expect.stringMatching(/no log\.key/)]);
	});

	test("signs for nothing that a crash left, until a server has had it", async () => {
		await appendTo("order-4", 1);
		await server.stop("SIGKILL");
		expect(statSync(join(server.data, "log.sqlite-wal")).size).toBeGreaterThan(0);
		const crashed = everythingIn(server.data);
		const proveIt = () => varve(["prove", "304", "--data", server.data, "--key", key]);
		const refused = await proveIt();
		expect([refused.code, refused.stdout]).toEqual([1, ""]);
		expect(refused.stderr).toMatch(
			/not closed in order; start the server once \(.*\), or use a backup/,
		);
		expect(everythingIn(server.data)).toEqual(crashed);

		server = await startServer(server.data);
		await appendTo("order-4", 1);
		expect(statSync(join(server.data, "log.sqlite-wal")).size).toBeGreaterThan(0);
		expect(await proveIt()).toMatchObject({ code: 0, stderr: "" });
		await server.stop();
		// Twice: the first one leaves an empty WAL.
		for (const _ of [1, 2]) expect(await proveIt()).toMatchObject({ code: 0, stderr: "" });
		server = await startServer(server.data);
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

/** What the files of a directory hold, but for SQLite's own notes of who reads. */
function contentOf(directory: string): string[][] {
	return everythingIn(directory).filter(([name]) => !name?.endsWith("-shm"));
}

function everythingIn(directory: string): string[][] {
	const files = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile());
	return files.map(({ name }) => [name, readFileSync(join(directory, name), "base64")]);
}

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
