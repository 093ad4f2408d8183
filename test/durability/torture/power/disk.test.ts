/** The disk that forgets: what it must keep, and what it may lose. */
import { seeded } from "../random.ts";
import { createDisk, type Disk } from "./disk.ts";
import type { Step } from "./recording.ts";

const FOLDER = "/data";
const TRIES = 200;

test("what was synced is on every image", () => {
	const disk = begin();
	disk.take(step("write", "f", "sure", 0));
	disk.take(step("sync", "f"));
	expect(contentsOf(disk)).toEqual(new Set(["sure"]));
});

test("what was not synced is on some images, and not on others", () => {
	const disk = begin();
	disk.take(step("write", "f", "sure", 0));
	disk.take(step("sync", "f"));
	disk.take(step("write", "f", "perhaps", 4));
	const contents = contentsOf(disk);
	expect(contents).toContain("sure");
	expect(contents).toContain("sureperhaps");
});

test("of two writes a later one may be kept alone", () => {
	const disk = begin();
	disk.take(step("write", "f", "a".repeat(512), 0));
	disk.take(step("write", "f", "b".repeat(512), 512));
	expect(contentsOf(disk)).toContain("\0".repeat(512) + "b".repeat(512));
});

test("a write may be torn between two sectors, and not within one", () => {
	const disk = begin();
	disk.take(step("write", "f", "a".repeat(1024), 0));
	const contents = [...contentsOf(disk)];
	expect(contents).toContain("a".repeat(512));
	for (const content of contents) expect(content).toMatch(/^((a{512}|\0{512}){0,2})$/);
});

test("a cut-off end may be back, unless that was synced", () => {
	const disk = begin();
	disk.take(step("write", "f", "sure and more", 0));
	disk.take(step("sync", "f"));
	disk.take(step("truncate", "f", "", 4));
	expect(contentsOf(disk)).toEqual(new Set(["sure", "sure and more"]));
	disk.take(step("sync", "f"));
	expect(contentsOf(disk)).toEqual(new Set(["sure"]));
});

test("a new file may be missing, and a removed one be back, until the folder was synced", () => {
	const disk = begin();
	disk.take(step("created", "g", `${FOLDER}/new`));
	disk.take(step("unlink", "", `${FOLDER}/file`));
	const names = namesOf(disk);
	for (const some of ["", "new", "file", "file new"]) expect(names).toContain(some);
	disk.take(step("opened", "folder", FOLDER));
	disk.take(step("sync", "folder"));
	expect(namesOf(disk)).toEqual(new Set(["new"]));
});

test("a step it does not know how to forget is refused", () => {
	expect(() => begin().take(step("unknown", "f", "fallocate"))).toThrow("fallocate");
});

/** A folder with one empty file, which is open as `f`. */
function begin(): Disk {
	const disk = createDisk(FOLDER, new Map([["file", Buffer.alloc(0)]]));
	disk.take(step("opened", "f", `${FOLDER}/file`));
	return disk;
}

function step(kind: Step["kind"], file: string, text = "", offset = 0): Step {
	return { kind, file, offset, bytes: Buffer.from(text), time: 0n };
}

function contentsOf(disk: Disk): Set<string> {
	return new Set(images(disk).map(({ files }) => String(files.get("file"))));
}

function namesOf(disk: Disk): Set<string> {
	return new Set(images(disk).map(({ files }) => [...files.keys()].sort().join(" ")));
}

function images(disk: Disk) {
	const random = seeded(1);
	return Array.from({ length: TRIES }, () => disk.image(random));
}
