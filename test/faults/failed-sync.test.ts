/**
 * A sync that fails, once: the system may then call clean what is not on the disk, so that the next
 * one succeeds and means nothing. Nothing may be acknowledged after it (decision 42).
 */
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { removeDirectories, start } from "../cli/varve.ts";
import { get, type Reply } from "../http/ask.ts";
import { until } from "../http/harness.ts";
import { canPreload, newDisk } from "./preload.ts";
import { closeStore, event, events, expectSound, idsOf, openStore, type Store } from "./store.ts";

afterAll(removeDirectories);

const withDisk = canPreload("faulty-disk") ? describe : describe.skip;

const WAL = "log.sqlite-wal";
const MIB = 1024 * 1024;

withDisk("a sync of the WAL that fails", () => {
	test("stops the writer: nothing is acknowledged any more, and reads go on", async () => {
		const disk = newDisk();
		const store = await openStore({ env: disk.env });
		const [kept, doubtful, late] = [event(), event(), event()];
		expect((await store.append("a-1", [kept])).status).toBe(201);

		disk.fail({ calls: ["fsync"], file: WAL, error: "EIO", times: 1 });
		expectStopped(await store.append("a-1", [doubtful]));
		expect(disk.hits()).toBe(1);
		expectStopped(await store.append("a-1", [late]));
		expectStopped(await store.append("a-1", [kept]));

		expect(await idsOf(store, "a-1")).toEqual([kept.eventId]);
		expect((await store.ask(get("/streams/$ce-a"))).status).toBe(200);
		const ready = await store.ask(get("/health/ready"));
		expect(ready.json).toMatchObject({
			type: "urn:varve:problem:writer-stopped",
			reason: expect.stringContaining("SQLITE_IOERR_FSYNC"),
		});
		expect(ready.status).toBe(503);
		expect((await store.ask(get("/health/live"))).status).toBe(204);

		// What it leaves is for the next start to judge, so it does not touch the files any more.
		const { code, stderr } = await store.server.stop();
		expect([code, stderr]).toEqual([0, expect.stringContaining("the writer stopped: SQLITE")]);
		expect(statSync(join(store.data, WAL)).size).toBeGreaterThan(0);

		const again = await openStore({ data: store.data });
		for (const repeated of [doubtful, late, kept]) {
			expect((await again.append("a-1", [repeated])).status).toBe(201);
		}
		const ids = await idsOf(again, "a-1");
		expect(ids).toEqual([kept, doubtful, late].map(({ eventId }) => eventId));
		await closeStore(again);
	});

	test("under load answers everyone, and loses nothing it acknowledged", async () => {
		const disk = newDisk();
		const store = await openStore({ env: disk.env });
		const sent = events(400);
		disk.fail({ calls: ["fsync"], file: WAL, error: "EIO", skip: 3, times: 1 });
		const replies: Reply[] = [];
		// Twenty clients, each of whom sends its next when it has its answer.
		const clients = Array.from({ length: 20 }, async (_, client) => {
			for (let i = client; i < sent.length; i += 20) {
				replies[i] = await store.append(`s-${client}`, [sent[i]]);
			}
		});
		await Promise.all(clients);
		const acknowledged = sent.filter((_, i) => replies[i]?.status === 201);
		for (const reply of replies) if (reply.status !== 201) expectStopped(reply);
		expect(acknowledged.length).toBeGreaterThan(0);
		expect(acknowledged.length).toBeLessThan(sent.length);
		expect(disk.hits()).toBe(1);
		await store.server.stop("SIGKILL");

		const again = await openStore({ data: store.data });
		const found = await idsOf(again, "$ce-s");
		expect(new Set(found).size).toBe(found.length);
		expect(found).toEqual(expect.arrayContaining(acknowledged.map(({ eventId }) => eventId)));
		for (const [i, one] of sent.entries()) {
			expect((await again.append(`s-${i % 20}`, [one])).status).toBe(201);
		}
		expect((await idsOf(again, "$ce-s")).length).toBe(sent.length);
		await closeStore(again);
	});

	test("by an erasing step stops the writer, too; repeated after the restart, it is done", async () => {
		const disk = newDisk();
		const store = await openStore({ env: disk.env });
		expect((await store.append("a", [event({ secret: true })])).status).toBe(201);
		const redact = { method: "DELETE", path: "/streams/a/0/data" };
		disk.fail({ calls: ["fsync"], file: WAL, error: "EIO", times: 1 });
		expectStopped(await store.ask(redact));
		expectStopped(await store.ask(redact));
		expectStopped(await store.append("a", [event()]));
		const page = get("/streams/a/0/forward/1?embed=body");
		expect((await store.ask(page)).text).toContain("secret");
		await store.server.stop();

		const again = await openStore({ data: store.data });
		expect((await again.ask(redact)).status).toBe(204);
		expect((await again.ask(page)).text).not.toContain("secret");
		await closeStore(again);
	});

	test("by cutting the WAL behind an erasing step leaves no page of before in memory", async () => {
		const disk = newDisk();
		const store = await openStore({ env: disk.env });
		expect((await store.append("a", [event({ secret: true })])).status).toBe(201);
		const page = get("/streams/a/0/forward/1?embed=body");
		expect((await store.ask(page)).text).toContain("secret");
		disk.fail({ calls: ["fsync"], file: "log.sqlite", error: "EIO", times: 1 });
		await store.ask({ method: "DELETE", path: "/streams/a/0/data" });
		await until(async () => !(await store.ask(page)).text.includes("secret"));
		await until(async () => (await store.ask(get("/health/ready"))).status === 503);
		expect(disk.hits()).toBe(1);
		await store.server.stop();
	});

	test("ends the process where the operator wants that", async () => {
		const disk = newDisk();
		const store = await openStore({ env: disk.env, options: ["--on-write-failure", "exit"] });
		// A sync that finds the disk full is one that failed, and no refusal: its write was taken.
		disk.fail({ calls: ["fsync"], file: WAL, error: "ENOSPC", times: 1 });
		expectStopped(await store.append("a", [event()]));
		const { code, stderr } = await store.server.finished;
		expect([code, stderr]).toEqual([1, expect.stringContaining("the writer stopped: SQLITE")]);
		await expectSound(store.data);
	});
});

withDisk("a sync of a checkpoint that fails", () => {
	const large = () => [1, 2, 3].map(() => event("x".repeat(3.8 * MIB)));

	test.each([
		["of the database", "log.sqlite"],
		["of the WAL", WAL],
	])("%s stops the writer after what it had acknowledged", async (_, file) => {
		const disk = newDisk();
		const store = await openStore({ env: disk.env });
		const sent: string[] = [];
		// Beyond 32 MiB of WAL with the third. A commit syncs the WAL, and a checkpoint both files.
		for (let i = 0; i < 2; i++) sent.push(...(await appended(store, large())));
		disk.fail({ calls: ["fsync"], file, error: "EIO", skip: file === WAL ? 1 : 0, times: 1 });
		sent.push(...(await appended(store, large())));
		await until(async () => (await store.ask(get("/health/ready"))).status === 503);
		expect(disk.hits()).toBe(1);
		expectStopped(await store.append("s", [event()]));
		expect(await idsOf(store, "s")).toEqual(sent);
		await store.server.stop();
		expect(statSync(join(store.data, WAL)).size).toBeGreaterThan(32 * MIB);

		const again = await openStore({ data: store.data });
		expect(await idsOf(again, "s")).toEqual(sent);
		expect(await again.append("s", [event()])).toMatchObject({ status: 201 });
		await closeStore(again);
	});

	async function appended(store: Store, batch: { eventId: string }[]): Promise<string[]> {
		expect((await store.append("s", batch)).status).toBe(201);
		return batch.map(({ eventId }) => eventId);
	}
});

withDisk("a start after a crash", () => {
	test.each(["log.sqlite", WAL])(
		"writes once more what it found in the WAL, and is refused where %s fails",
		async (file) => {
			const disk = newDisk();
			const store = await openStore();
			const sent = events(30);
			await store.append("a", sent);
			await store.server.stop("SIGKILL");
			expect(existsSync(join(store.data, WAL))).toBe(true);

			disk.fail({ calls: ["fsync"], file, error: "EIO" });
			const args = ["serve", "--port", "0", "--data", store.data];
			const { code, stderr } = await start(args, disk.env).finished;
			expect([code, stderr]).toEqual([1, expect.stringContaining("SQLITE_IOERR_FSYNC: disk I/O")]);
			const again = await openStore({ data: store.data });
			expect(await idsOf(again, "a")).toEqual(sent.map(({ eventId }) => eventId));
			await closeStore(again);
		},
	);
});

function expectStopped(reply: Reply): void {
	expect(reply.status).toBe(503);
	expect(reply.json).toMatchObject({ type: "urn:varve:problem:writer-stopped" });
	expect(reply.headers["retry-after"]).toBe("30");
}
