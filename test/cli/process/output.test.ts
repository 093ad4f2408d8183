/** Standard output that is full, closed or unread: what a command has done, it has done. */
import { type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
	closeSync,
	constants,
	existsSync,
	openSync,
	readFileSync,
	readSync,
	rmdirSync,
	writeFileSync,
	writeSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { event } from "../../faults/store.ts";
import { ask, batch, get } from "../../http/ask.ts";
import { freePort } from "../../log/postgres/server.ts";
import { newDirectory, removeDirectories, type Server, startServer, until } from "../varve.ts";

const BIN = fileURLToPath(new URL("../../../bin/varve", import.meta.url));
const FULL = "/dev/full";

let server: Server;
let folder: string;
beforeAll(async () => {
	server = await startServer();
	folder = newDirectory();
	const line = { stream: "im", type: "T", data: 1, id: "8c3d1f0e-6b0a-4f2e-9d55-0a1b2c3d4e5f" };
	writeFileSync(join(folder, "in.ndjson"), `${JSON.stringify(line)}\n`);
	for (let i = 0; i < 2; i++) await inShell("append s --type T --data 1");
});
afterAll(async () => {
	await server.stop();
	removeDirectories();
});

/** Runs a command in its folder, with redirections. */
function inShell(command: string) {
	const script = `"${process.execPath}" "${BIN}" ${command.replaceAll("DATA", server.data)}`;
	const env = { PATH: process.env.PATH, VARVE_URL: server.url };
	return spawnSync("bash", ["--norc", "-c", script], { cwd: folder, env, encoding: "utf8" });
}

const withFull = existsSync(FULL) ? describe : describe.skip;
if (!existsSync(FULL)) console.warn(`SKIPPED: a full standard output, there is no ${FULL}`);

withFull("standard output that is full", () => {
	test.each([
		"append s --type T --data 1",
		"import in.ndjson",
		"import in.ndjson --dry-run",
		"scavenge",
		"redact s 0",
		"verify --data DATA",
		"backup backup-a --data DATA",
		"restore backup-a --data restored-a",
		"incarnation --raise --data restored-a",
	])("changes nothing of the exit code of varve %s, which has done its work", (command) => {
		const { status, stderr } = inShell(`${command} > ${FULL}`);
		expect(stderr.replace("copied; verifying\n", "")).toMatch(
			/^varve: standard output cannot be written: .*no space left; the work itself is done\n$/,
		);
		expect(status).toBe(0);
	});

	test.each([
		"read s",
		"read s --backward",
		"export",
		"follow s",
		"prove 0",
		"incarnation --data DATA",
		"scavenge status",
		"help",
		"version",
	])("fails varve %s, whose output is its work, in one line", (command) => {
		const { status, stderr } = inShell(`${command} > ${FULL}`);
		expect(stderr).toMatch(/^varve: standard output cannot be written: .*no space left\n$/);
		expect(status).toBe(1);
	});
});

describe("standard output whose reader has ended", () => {
	test.each(["append s --type T --data 1", "read s", "verify --data DATA", "help"])(
		"ends varve %s quietly",
		(command) => {
			const { status, stderr } = inShell(`${command} > >(exec true) `);
			expect([status, stderr]).toEqual([0, ""]);
		},
	);

	test("fails an export, of which a part looks like a whole one", () => {
		const { status, stderr } = inShell("export > >(exec true)");
		expect([status, stderr]).toEqual([1, expect.stringContaining("the export is cut off")]);
	});
});

test("an export to a disk that fills in the middle of its last write fails", () => {
	const disk = newDirectory();
	const options = ["-t", "tmpfs", "-o", "size=64k", "varve-test", disk];
	if (spawnSync("mount", options).status !== 0) {
		console.warn("SKIPPED: this process may not mount a small disk");
		return;
	}
	try {
		const large = JSON.stringify("x".repeat(100_000));
		writeFileSync(join(folder, "large.json"), large);
		expect(inShell("append large --type T --data @large.json").status).toBe(0);
		const { status, stderr } = inShell(`export large > ${join(disk, "out")}`);
		expect([status, stderr]).toEqual([1, expect.stringContaining("no space left")]);
	} finally {
		spawnSync("umount", [disk]);
		rmdirSync(disk);
	}
});

/** Opened for both, so that it opens at once, and stays open. */
function openPipe(): number {
	const fifo = join(newDirectory(), "fifo");
	expect(spawnSync("mkfifo", [fifo]).status).toBe(0);
	return openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
}

function fill(pipe: number): void {
	const bytes = Buffer.alloc(4096);
	expect(() => {
		for (;;) writeSync(pipe, bytes);
	}).toThrow("EAGAIN");
}

/** Whether there is something to read; takes one byte. */
function hasBytes(pipe: number): boolean {
	try {
		return readSync(pipe, Buffer.alloc(1)) === 1;
	} catch {
		return false;
	}
}

test("a stop ends varve follow if nobody reads what it prints, and keeps no position", async () => {
	const file = join(newDirectory(), "position");
	// More than a pipe holds.
	const large = batch("large", [event("x".repeat(300_000))]);
	expect((await ask(Number(new URL(server.url).port), large)).status).toBe(201);
	const pipe = openPipe();
	const args = [BIN, "follow", "large", "--url", server.url, "--checkpoint", file];
	const child = spawn(process.execPath, args, { stdio: ["ignore", pipe, "pipe"] });
	let stderr = "";
	child.stderr?.on("data", (text) => {
		stderr += text;
	});
	await until(() => hasBytes(pipe), "the first bytes");
	child.kill("SIGTERM");
	expect(await once(child, "close")).toEqual([1, null]);
	expect(stderr).toMatch(/cannot be written: the program that reads it takes nothing\n$/);
	expect(readFileSync(file, "utf8")).toBe("");
	closeSync(pipe);
});

describe("varve serve", () => {
	test.each([
		["full", "> /dev/full 2> /dev/full"],
		["closed", ">&- 2>&-"],
		["a pipe without a reader", "> >(exec true) 2>&1"],
	])("serves, and stops in order, if standard output and error are %s", async (_, redirection) => {
		const port = await freePort();
		const data = newDirectory();
		const command = `exec "${process.execPath}" "${BIN}" serve --port ${port} --data ${data}`;
		const child = spawn("bash", ["--norc", "-c", `${command} ${redirection}`], { stdio: "ignore" });
		expect(await serves(port, child)).toBe(0);
	});

	test("serves, and stops in order, if nobody reads a pipe that is full", async () => {
		const end = openPipe();
		fill(end);
		const port = await freePort();
		const args = [BIN, "serve", "--port", String(port), "--data", newDirectory(), "--log-requests"];
		const options: SpawnOptions = { stdio: ["ignore", end, end] };
		const child = spawn(process.execPath, args, options);
		expect(await serves(port, child, 400)).toBe(0);
		closeSync(end);
	});
});

/** Asks a server so many times, stops it, and resolves with its exit code. */
async function serves(port: number, child: ReturnType<typeof spawn>, requests = 2) {
	let over = false;
	const ended = new Promise<number | null>((resolve) => {
		child.on("exit", (code) => {
			over = true;
			resolve(code);
		});
	});
	let isThere = false;
	const path = `/health/live?${"x".repeat(400)}`;
	await until(() => {
		ask(port, get(path)).then(
			() => {
				isThere = true;
			},
			() => undefined,
		);
		return isThere || over;
	}, "the server");
	for (let i = 0; i < requests; i++) expect((await ask(port, get(path))).status).toBe(204);
	child.kill("SIGTERM");
	return ended;
}
