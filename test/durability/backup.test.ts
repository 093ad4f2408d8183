/**
 * Restore drills: a server under load, a backup beside it, and what was acknowledged before the
 * backup began is all there afterwards, once.
 */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
	copyFileSync,
	existsSync,
	mkdtempSync,
	readdirSync,
	rmdirSync,
	statSync,
	writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { append as appendEvent } from "../../feeds/client/index.ts";
import type { Log } from "../../src/log/log.ts";
import { openSqliteLog } from "../../src/log/sqlite/log.ts";
import { alter } from "../backup/store.ts";
import {
	newDirectory,
	removeDirectories,
	type Server,
	start,
	startServer,
	until,
	varve,
} from "../cli/varve.ts";
import { append as appendTo, events } from "../log/asking.ts";

const CLIENTS = 8;
/** Enough for a first backup to be caught in the middle. */
const LOADED = 30_000;
const EVENTS_AT_ONCE = 30;

const mounted: string[] = [];
const running: Server[] = [];

let filled: string;

beforeAll(async () => {
	filled = await fill();
});

afterAll(async () => {
	for (const server of running) await server.stop("SIGKILL");
	for (const directory of mounted) {
		spawnSync("umount", [directory]);
		rmdirSync(directory);
	}
	removeDirectories();
});

type Place = { stream: string; version: number };

test("a backup under load, killed twice and run again, restores to all that was acknowledged", async () => {
	const server = await launch(loaded());
	const target = join(newDirectory(), "Backup – ä");
	const appending = appendUntilStopped(server.url);

	for (let kill = 0; kill < 2; kill++) {
		const partial = join(target, "partial", "log.sqlite");
		const copied = existsSync(partial) ? statSync(partial).size : 1_000_000;
		const backup = start(["backup", target, "--data", server.data], dyingBeyond(partial, copied));
		expect((await backup.finished).code).toBe(null);
		expect(existsSync(join(target, "log.sqlite"))).toBe(false);
	}
	const before = new Map(appending.acknowledged);
	const first = await varve(["backup", target, "--data", server.data]);
	expect([first.stderr, first.code]).toEqual([expect.stringContaining("copied; verifying\n"), 0]);
	expect(first.stdout).toMatch(/^backed up to .*: [\d,]+ events, .* verified\n$/);

	const later = new Map(appending.acknowledged);
	expect(later.size).toBeGreaterThan(before.size);
	const second = await varve(["backup", target, "--data", server.data]);
	expect(second.code).toBe(0);
	await appending.stop();
	await server.stop("SIGKILL");

	const restored = join(newDirectory(), "data");
	const done = await varve(["restore", target, "--data", restored]);
	expect(done.stdout).toMatch(/^restored to .*: history number \d{10}, [\d,]+ events, verified\n$/);
	const verified = await varve(["verify", "--data", restored]);
	expect(verified.stdout).toMatch(/^ok: \d+ events/);

	const again = await launch(restored);
	const found = await placesById(again.url);
	expect(lost(later, found)).toEqual([]);
	// A client that never heard the answer repeats its append, and is told the same.
	const [id = "", { stream, version }] = [...later][0] as [string, Place];
	expect(await append(again.url, stream, id)).toBe(version);
	expect(later.size).toBeGreaterThan(0);
}, 120_000);

test("a later backup under load, killed ahead of its transaction and within, leaves the one there was", async () => {
	const data = loaded();
	const target = join(newDirectory(), "backup");
	expect((await varve(["backup", target, "--data", data])).code).toBe(0);
	const log = await openSqliteLog(data);
	await load(log);
	await log.close();
	const server = await launch(data);
	const appending = appendUntilStopped(server.url);
	const backUp = ["backup", target, "--data", data];
	const restoreIt = async () => {
		const directory = join(newDirectory(), "data");
		const done = await varve(["restore", target, "--data", directory]);
		const events = / ([\d,]+) events, verified\n$/.exec(done.stdout)?.[1] ?? done.stderr;
		return { directory, events: Number(events.replaceAll(",", "")) };
	};

	const newer = join(target, "partial", "newer.sqlite");
	for (const [file, bytes] of [
		[newer, 1_000_000],
		[newer, 8_000_000],
		[join(target, "log.sqlite-journal"), 0],
	] as const) {
		const killed = start(backUp, dyingBeyond(file, bytes));
		expect([file, (await killed.finished).code]).toEqual([file, null]);
		expect(statSync(newer).size).toBeGreaterThan(bytes);
	}
	expect((await restoreIt()).events).toBe(LOADED);
	const before = new Map(appending.acknowledged);
	const done = await varve(backUp);
	expect([done.code, done.stdout]).toEqual([0, expect.stringMatching(/ verified\n$/)]);
	expect(existsSync(newer)).toBe(false);
	await appending.stop();
	await server.stop();
	expect(before.size).toBeGreaterThan(0);
	const restored = await restoreIt();
	expect(restored.events).toBeGreaterThanOrEqual(2 * LOADED + before.size);
	const again = await launch(restored.directory);
	const found = await placesById(again.url);
	expect(lost(before, found)).toEqual([]);
}, 120_000);

test("after a restore all lasting links carry its number, and whoever read the lost history is told", async () => {
	const server = await launch();
	await Promise.all(Array.from({ length: 45 }, () => append(server.url, "order-1", randomUUID())));
	const target = join(newDirectory(), "backup");
	expect((await varve(["backup", target, "--data", server.data])).code).toBe(0);
	await append(server.url, "order-1", randomUUID());
	const reader = start(["follow", "order-1", "--url", server.url]);
	await until(() => reader.stdout().split("\n").length === 47, "the reader");
	await server.stop();

	const [first, second] = [join(newDirectory(), "a"), join(newDirectory(), "b")];
	const numbered = ["restore", target, "--incarnation", "2", "--data", first];
	expect((await varve(numbered)).stdout).toContain("history number 2,");
	const restored = await launch(first, Number(new URL(server.url).port));
	const page = `${restored.url}/streams/order-1/0/forward/20`;
	expect((await fetch(page, { redirect: "manual" })).status).toBe(307);
	const numbers = (await linksOf(`${page}?i=2`)).map((link) => /\/\d+$/.test(link));
	expect(numbers).not.toContain(true);
	expect(await linksOf(`${page}?i=2`)).toContain(
		`${restored.url}/streams/order-1/20/forward/20?i=2`,
	);

	// It stands at an event that is lost, and was read in the silent first history.
	const told = await reader.finished;
	expect([told.code, told.stderr]).toEqual([1, expect.stringMatching(/history that was replaced/)]);

	// The same backup once more: neither history can be taken for the other.
	await restored.stop();
	const other = await varve(["restore", target, "--data", second]);
	const number = /history number (\d+)/.exec(other.stdout)?.[1];
	expect(Number(number)).toBeGreaterThan(2);
	const third = await launch(second);
	const old = await fetch(`${third.url}/streams/order-1/0/forward/20?i=2`);
	expect([old.status, ((await old.json()) as { type: string }).type]).toEqual([
		410,
		"urn:varve:problem:history-replaced",
	]);
});

test("a store that fails its verification is reported, and no backup of it is put in place", async () => {
	const data = newDirectory();
	writeFileSync(join(data, "log.sqlite"), "this is no database ".repeat(1000));
	const target = join(newDirectory(), "backup");
	const { code, stderr } = await varve(["backup", target, "--data", data]);
	expect([code, stderr]).toEqual([1, expect.stringMatching(/not a database|damaged/)]);
	expect(existsSync(join(target, "log.sqlite"))).toBe(false);
});

test("a backup that nobody has verified is not taken for a sound one", async () => {
	const data = newDirectory();
	const log = await openSqliteLog(data);
	await appendTo(log, "order-1", events(3));
	await log.close();
	const target = join(newDirectory(), "backup");
	const backup = (...options: string[]) => varve(["backup", target, "--data", data, ...options]);
	const restore = async () => {
		const directory = join(newDirectory(), "data");
		return (await varve(["restore", target, "--data", directory, "--no-verify"])).stdout;
	};

	for (let run = 0; run < 2; run++) {
		const { code, stdout, stderr } = await backup("--no-verify");
		expect([code, stdout]).toEqual([0, expect.stringMatching(/ s; never verified\n$/)]);
		expect(stderr).toContain(`${target} was never verified: run this without --no-verify`);
	}
	expect(await restore()).toContain(
		"not verified; the backup was never verified; run varve verify",
	);

	expect((await backup()).stdout).toMatch(/ s; verified\n$/);
	const later = await backup("--no-verify");
	expect([later.code, later.stderr]).toEqual([0, ""]);
	expect(later.stdout).toMatch(/ s; not verified since \d{4}-\d\d-\d\dT.*Z\n$/);
	expect(await restore()).toMatch(/not verified; the backup was not verified since \d{4}-/);

	alter(target, "DELETE FROM entries WHERE position = 1");
	expect(await backup()).toMatchObject({ code: 1, stdout: expect.stringContaining("not ok: ") });
	const damaged = await backup("--no-verify");
	expect([damaged.code, damaged.stdout, damaged.stderr]).toEqual([
		1,
		expect.stringMatching(/not verified, and the last verification found \d+ faults\n$/),
		expect.stringContaining("is not known to be sound: run this without --no-verify"),
	]);
	expect(await restore()).toMatch(/the last verification found \d+ faults; run varve verify/);
});

test("an interrupt ends a backup with what to do next, and leaves nothing half", async () => {
	const server = await launch(loaded());
	const target = join(newDirectory(), "backup");
	const backup = start(["backup", target, "--data", server.data]);
	await until(() => existsSync(join(target, "partial", "log.sqlite")), "the backup");
	backup.child.kill("SIGINT");
	const { code, stderr } = await backup.finished;
	expect(code).toBe(130);
	expect(stderr).toContain("Run the same command again to continue.\n");
	expect(existsSync(join(target, "log.sqlite"))).toBe(false);
	expect((await varve(["backup", target, "--data", server.data])).code).toBe(0);
	await server.stop();
});

test("two backups to one target: one is made, the other is refused", async () => {
	const server = await launch(loaded());
	const target = join(newDirectory(), "backup");
	const both = [0, 1].map(() => varve(["backup", target, "--data", server.data]));
	const ended = await Promise.all(both);
	const refused = ended.filter(({ code }) => code !== 0);
	for (const { stderr } of refused) expect(stderr).toMatch(/in use by another varve process/);
	expect(refused.length).toBeLessThan(2);
	expect((await varve(["verify", "--data", target])).stdout).toMatch(/^ok: 30000 events/);
	await server.stop();
});

const disk = mountDisk();
if (!disk) console.warn("SKIPPED: a full disk cannot be tested, this process may not mount one");
(disk ? test : test.skip)(
	"a disk that is full takes no half backup and no half restore",
	async () => {
		const full = disk as string;
		const data = loaded();
		const target = join(newDirectory(), "backup");
		expect((await varve(["backup", target, "--data", data])).code).toBe(0);

		const restored = await varve(["restore", target, "--data", join(full, "data")]);
		expect([restored.code, restored.stderr]).toEqual([1, expect.stringMatching(/no space left/)]);
		expect(readdirSync(full)).toEqual([]);

		const second = join(full, "backup");
		const backup = await varve(["backup", second, "--data", data]);
		expect([backup.code, backup.stderr]).toEqual([1, expect.stringMatching(/no space left/)]);
		expect(existsSync(join(second, "log.sqlite"))).toBe(false);
	},
);

async function launch(data?: string, port = 0): Promise<Server> {
	const server = await startServer(data, port);
	running.push(server);
	return server;
}

/** A closed store of many events in a thousand streams. */
async function fill(): Promise<string> {
	const directory = newDirectory();
	const log = await openSqliteLog(directory);
	await load(log);
	await log.close();
	return directory;
}

async function load(log: Log): Promise<void> {
	const data = Buffer.from(JSON.stringify({ filling: "x".repeat(200) }));
	for (let i = 0; i < LOADED / EVENTS_AT_ONCE; i++) {
		await appendTo(log, `load-${i % 1000}`, events(EVENTS_AT_ONCE, { type: "Loaded", data }));
	}
}

/** Of its own for each who asks. */
function loaded(): string {
	const directory = newDirectory();
	copyFileSync(join(filled, "log.sqlite"), join(directory, "log.sqlite"));
	return directory;
}

/** The environment of a process that is killed, from within, once a file has more bytes. */
function dyingBeyond(file: string, bytes: number): Record<string, string> {
	const script = `
		import { statSync } from "node:fs";
		const look = () => {
			const size = statSync(${JSON.stringify(file)}, { throwIfNoEntry: false })?.size ?? 0;
			if (size > ${bytes}) process.kill(process.pid, "SIGKILL");
			setImmediate(look).unref();
		};
		look();`;
	return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` };
}

function appendUntilStopped(url: string) {
	const acknowledged = new Map<string, Place>();
	let stopped = false;
	const client = async (number: number) => {
		while (!stopped) {
			const id = randomUUID();
			const stream = `client-${number}`;
			acknowledged.set(id, { stream, version: await append(url, stream, id) });
		}
	};
	const clients = Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)));
	const stop = async () => {
		stopped = true;
		await clients;
	};
	return { acknowledged, stop };
}

/** Appends one event, again where no answer comes, as clients do; returns its version. */
async function append(url: string, stream: string, id: string): Promise<number> {
	return (await appendEvent({ url, stream }, { type: "Tick", data: {}, id })).version;
}

/** Where each event is; an id that is there twice is a failure. */
async function placesById(url: string): Promise<Map<string, Place>> {
	const { stdout } = await varve(["read", "$all", "--url", url]);
	const places = new Map<string, Place>();
	for (const line of stdout.trimEnd().split("\n")) {
		const { id, stream, version } = JSON.parse(line) as Place & { id: string };
		if (places.has(id)) throw new Error(`${id} is there twice`);
		places.set(id, { stream, version });
	}
	return places;
}

/** What is not where it was acknowledged to be. */
function lost(acknowledged: Map<string, Place>, found: Map<string, Place>): string[] {
	const places = [...acknowledged].map(([id, { stream, version }]) => {
		const place = found.get(id);
		return place?.stream === stream && place.version === version
			? ""
			: `${id}: ${version}@${stream}`;
	});
	return places.filter((place) => place !== "");
}

async function linksOf(url: string): Promise<string[]> {
	const headers = { Accept: "application/vnd.eventstore.atom+json" };
	const feed = (await (await fetch(url, { headers })).json()) as { links: { uri: string }[] };
	return feed.links.map(({ uri }) => uri);
}

/** Mounts a disk that is smaller than the store; undefined where this process may not. */
function mountDisk(): string | undefined {
	const directory = mkdtempSync(join(tmpdir(), "varve-disk-"));
	const options = ["-t", "tmpfs", "-o", "size=4m", "varve-test", directory];
	if (spawnSync("mount", options).status !== 0) {
		rmdirSync(directory);
		return undefined;
	}
	mounted.push(directory);
	return directory;
}
