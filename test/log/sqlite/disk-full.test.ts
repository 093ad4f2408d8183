/** A disk that is really full: a file system of a few megabytes, filled and emptied. Needs root. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRefusal } from "../../../src/errors.ts";
import { openSqliteLog } from "../../../src/log/sqlite/log.ts";
import { append, event, events, name, read, refusal, scavenge } from "../asking.ts";

const DISK_MIB = 12;
const MIB = 1024 * 1024;
const mounted: string[] = [];

/** Mounts a small disk; undefined where this process may not. */
function mountDisk(): string | undefined {
	const directory = mkdtempSync(join(tmpdir(), "varve-disk-"));
	const options = ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "varve-test", directory];
	if (spawnSync("mount", options).status !== 0) {
		rmdirSync(directory);
		return undefined;
	}
	mounted.push(directory);
	return directory;
}

afterAll(() => {
	for (const directory of mounted) {
		spawnSync("umount", [directory]);
		rmdirSync(directory);
	}
});

const first = mountDisk();
if (!first) console.warn("SKIPPED: a full disk cannot be tested, this process may not mount one");
const withDisk = first ? describe : describe.skip;

withDisk("a disk that is full", () => {
	const large = () => event({ data: Buffer.alloc(MIB, 1) });

	test("refuses appends, goes on reading, and appends again when there is room", async () => {
		const disk = first as string;
		const log = await openSqliteLog(disk);
		const kept = [event(), event()];
		await append(log, "a", kept);

		for (let round = 0; round < 3; round++) {
			fill(disk);
			const full = ["disk-full", { path: disk }];
			const refused = [1, 2, 3].map((index) => refusal(append(log, `b-${index}`, [large()])));
			for (const found of await Promise.all(refused)) expect(found).toEqual(full);
			expect((await read(log, "a")).entries).toHaveLength(2 + round);
			expect((await append(log, "a", kept)).repeated).toBe(true);
			rmSync(join(disk, "filling"));
			expect((await append(log, "a", events(1))).first).toBe(2 + round);
			expect(await log.verify()).toMatchObject({ ok: true, faults: [] });
		}
		await log.close();
		const again = await openSqliteLog(disk);
		expect((await read(again, "$all")).last).toBe(4);
		await again.close();
	});

	test("that the log itself fills loses nothing it acknowledged", async () => {
		const disk = mountDisk() as string;
		const log = await openSqliteLog(disk);
		writeFileSync(join(disk, "filling"), Buffer.alloc(4 * MIB));
		let acknowledged = 0;
		let full = false;
		while (!full) {
			const work = [1, 2, 3].map(() => append(log, "a", [event({ data: Buffer.alloc(50_000) })]));
			for (const settled of await Promise.allSettled(work)) {
				if (settled.status === "fulfilled") acknowledged++;
				else {
					expect(isRefusal(settled.reason, "disk-full")).toBe(true);
					full = true;
				}
			}
		}
		expect((await read(log, "a", { content: false })).last).toBe(acknowledged - 1);
		rmSync(join(disk, "filling"));
		expect((await append(log, "a", events(1))).first).toBe(acknowledged);
		expect(await log.verify()).toMatchObject({ ok: true, events: acknowledged + 1 });
		await log.close();
		const again = await openSqliteLog(disk);
		expect(await again.verify()).toMatchObject({ ok: true, events: acknowledged + 1 });
		await again.close();
	});

	test("refuses to erase, and erases when there is room", async () => {
		const disk = mountDisk() as string;
		const log = await openSqliteLog(disk);
		await append(log, "a", events(50, { data: Buffer.alloc(20_000, 1) }));
		const rule = event({ type: "$metadata", data: Buffer.from('{"$maxCount":1}') });
		await append(log, "$$a", [rule]);
		const redact = (version: number) => log.redact({ stream: name("a"), version, metadata: false });
		// It leaves an empty WAL behind, which has to grow for the next one.
		await redact(0);
		fill(disk);
		const full = ["disk-full", { path: disk }];
		expect(await refusal(redact(1))).toEqual(full);
		expect(await refusal(scavenge(log))).toEqual(full);
		expect(log.erasures).toBe(1);
		expect((await read(log, "a", { content: false })).entries).toHaveLength(1);
		rmSync(join(disk, "filling"));
		await redact(1);
		expect(await scavenge(log)).toMatchObject({ events: 49 });
		expect(await log.verify()).toMatchObject({ ok: true, erased: 49 });
		await log.close();
	});

	test("cannot be opened for the first time, and says why", async () => {
		const disk = mountDisk() as string;
		fill(disk);
		expect(await refusal(openSqliteLog(disk))).toEqual(["disk-full", { path: disk }]);
		rmSync(join(disk, "filling"));
		await (await openSqliteLog(disk)).close();
	});
});

function fill(disk: string): void {
	const filled = spawnSync("dd", ["if=/dev/zero", `of=${join(disk, "filling")}`, "bs=4096"]);
	expect(String(filled.stderr)).toContain("No space left");
}
