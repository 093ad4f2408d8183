/** A disk that gets low: what is refused, what goes on, and that it ends by itself. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { types } from "node:util";
import { Room, type RoomState } from "../../../src/log/room/room.ts";
import { startServer as startVarve } from "../../cli/varve.ts";
import { event } from "../../faults/store.ts";
import { ask, batch, get } from "../../http/ask.ts";
import { until } from "../../http/harness.ts";

const MIB = 1024 * 1024;
/** More than any disk has. */
const ALL = Number.MAX_SAFE_INTEGER;

function roomOf(freeMin: number | undefined) {
	const told: boolean[] = [];
	const listener = {
		onChange: ({ low }: RoomState) => told.push(low),
		onUnknown: () => undefined,
	};
	return { room: new Room(tmpdir(), freeMin, listener), told };
}

const done = async () => "done";

describe("room on a disk", () => {
	test("lets appends in as long as the minimum is free, and refuses them with the numbers", async () => {
		const { room, told } = roomOf(1);
		expect(await room.admit(1, done)).toBe("done");
		room.setFreeMin(ALL);
		const facts = { freeBytes: room.state()?.freeBytes, freeBytesMin: ALL, retryAfterSeconds: 30 };
		await expect(room.admit(1, done)).rejects.toMatchObject({
			word: "insufficient-storage",
			facts,
		});
		room.setFreeMin(1);
		expect(await room.admit(1, done)).toBe("done");
		expect(told).toEqual([true, false]);
		room.close();
	});

	test("counts what appends under way may take", async () => {
		const { room } = roomOf(MIB);
		let settle: (value: string) => void = () => undefined;
		const held = new Promise<string>((resolve) => {
			settle = resolve;
		});
		const freeBytes = room.state()?.freeBytes ?? 0;
		const first = room.admit(freeBytes, () => held);
		await expect(room.admit(1, done)).rejects.toMatchObject({ word: "insufficient-storage" });
		settle("first");
		expect(await first).toBe("first");
		// The system is asked again; nothing has been written after all.
		await until(async () => room.admit(1, done).catch(() => undefined));
		room.close();
	});

	test("is not used up by metadata, which may be as large as any event", async () => {
		const { room } = roomOf(ALL);
		expect(await room.admit(1, done, true)).toBe("done");
		const { freeBytes = 0 } = room.state() ?? {};
		const held = room.admit(freeBytes / 3, () => new Promise(() => undefined), true);
		expect(types.isPromise(held)).toBe(true);
		await expect(room.admit(1, done, true)).rejects.toMatchObject({
			word: "insufficient-storage",
			facts: { freeBytesMin: expect.any(Number) },
		});
		room.close();
	});

	test("is 64 MiB by default, or a tenth of a smaller disk", () => {
		const { room } = roomOf(undefined);
		expect(room.state()?.freeBytesMin).toBeLessThanOrEqual(64 * MIB);
		expect(room.state()?.freeBytesMin).toBeGreaterThan(0);
		room.close();
	});

	test("that the system does not tell keeps nobody from appending, and is told of once", async () => {
		let unknown = 0;
		const listener = {
			onChange: () => undefined,
			onUnknown: () => {
				unknown++;
			},
		};
		const room = new Room("/nowhere/at/all", ALL, listener);
		room.setFreeMin(ALL);
		expect(await room.admit(1, done)).toBe("done");
		expect([unknown, room.state()]).toEqual([1, undefined]);
		room.close();
	});
});

/** Mounts a small disk; undefined where this process may not. */
function mountDisk(): string | undefined {
	const directory = mkdtempSync(join(tmpdir(), "varve-room-"));
	const options = ["-t", "tmpfs", "-o", "size=48m", "varve-test", directory];
	if (spawnSync("mount", options).status === 0) return directory;
	rmdirSync(directory);
	return undefined;
}

const disk = mountDisk();
if (!disk) console.warn("SKIPPED: a low disk cannot be tested, this process may not mount one");
afterAll(() => {
	if (disk === undefined) return;
	spawnSync("umount", [disk]);
	rmdirSync(disk);
});

const withDisk = disk ? describe : describe.skip;

withDisk("a small disk", () => {
	test("a server stops taking appends before SQLite meets the end of its disk", async () => {
		const filling = join(String(disk), "filling");
		const data = join(String(disk), "data");
		const server = await startVarve(data, undefined, ["--disk-free-min", "24MiB"]);
		const port = Number(new URL(server.url).port);
		const words = new Set<string>();
		const append = async (bytes: number) => {
			const reply = await ask(port, batch(`s-${bytes}`, [event("x".repeat(bytes))]));
			if (reply.status !== 201) words.add(String(reply.json.type));
			return reply;
		};
		for (let low = false; !low; ) {
			const replies = await Promise.all([1, 2, 3, 4].map((n) => append(n * 100_000)));
			low = replies.some(({ status }) => status === 507);
		}
		expect([...words]).toEqual(["urn:varve:problem:insufficient-storage"]);
		writeFileSync(filling, Buffer.alloc(2 * MIB));
		const info = async () => (await ask(port, get("/info"))).json.disk as RoomState;
		await until(async () => (await info()).low);

		const refused = await append(10);
		expect([refused.status, refused.headers["retry-after"]]).toEqual([507, "30"]);
		expect(refused.json).toMatchObject({ freeBytesMin: 24 * MIB, retryAfterSeconds: 30 });
		const ready = await ask(port, get("/health/ready"));
		expect([ready.status, Number(ready.headers["varve-disk-free"])]).toEqual([
			204,
			(await info()).freeBytes,
		]);
		expect((await ask(port, get("/streams/s-100000"))).status).toBe(200);
		const rule = batch("$$s-100000", [{ ...event({ $maxCount: 1 }), eventType: "$metadata" }]);
		expect((await ask(port, rule)).status).toBe(201);
		const gone = { method: "DELETE", path: "/streams/s-200000" };
		expect((await ask(port, gone)).status).toBe(204);
		expect((await ask(port, { method: "POST", path: "/admin/scavenge" })).status).toBe(200);

		rmSync(filling);
		// What was erased is free in the file, not on the disk: so the operator asks for less.
		spawnSync("mount", ["-o", "remount,size=96m", String(disk)]);
		await until(async () => !(await info()).low);
		expect((await append(10)).status).toBe(201);
		expect((await ask(port, get("/health/ready"))).headers["varve-disk-free"]).toBeUndefined();
		const { stderr } = await server.stop();
		const told = stderr.split("\n").filter((line) => line.includes("the disk "));
		expect(told.at(0)).toMatch(/ ERROR the disk is low: .* freeBytes=\d+ freeBytesMin=25165824$/);
		expect(told.at(-1)).toMatch(/ INFO {2}the disk has room again/);
	});
});
