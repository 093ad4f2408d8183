/**
 * A disk that forgets: of what was written and not synced it may keep any part.
 *
 *     a file    is what it was at its last sync, and of each change since as much as chance has it
 *     a name    (a file made, removed, renamed) is the folder's, and certain once that was synced
 *
 * That is less than common file systems promise, and as much as POSIX does. Two things are taken for
 * granted, as SQLite takes them: a sector of 512 bytes is written whole or not at all, and writing one
 * harms no other.
 */
import type { Random } from "../random.ts";
import type { Step } from "./recording.ts";

const SECTOR_BYTES = 512;

type Change = { readonly offset: number; readonly bytes: Buffer | "truncate" };
type File = { durable: Buffer; pending: Change[] };
/** Which file a name stands for from then on; none where it was removed. */
type Naming = { readonly name: string; readonly file: File | undefined };

export type Disk = {
	/** Lets the next step happen. */
	take(step: Step): void;
	/** Whether a file has changes that were not synced. */
	isUnsynced(name: string): boolean;
	/** What a power cut might leave now. */
	image(random: Random): Image;
};

export type Image = {
	/** By name. */
	readonly files: ReadonlyMap<string, Buffer>;
	/** Whether all is there that the processes had done. */
	readonly isWhole: boolean;
};

/** @param folder the recorded directory; @param files what lies in it, all of it durable */
export function createDisk(folder: string, files: ReadonlyMap<string, Buffer>): Disk {
	const durable = new Map<string, File>();
	for (const [name, bytes] of files) durable.set(name, { durable: bytes, pending: [] });
	/** As a process sees it now. */
	const names = new Map(durable);
	let namings: Naming[] = [];
	/** By the number it was opened under; the folder itself has none. */
	const open = new Map<string, File | undefined>();

	return {
		take(step) {
			const { kind, bytes } = step;
			if (kind === "opened" || kind === "created") openFile(step.file, nameOf(bytes), kind);
			else if (kind === "write") change(step, bytes);
			else if (kind === "truncate") change(step, "truncate");
			else if (kind === "sync") sync(step.file);
			else if (kind === "unlink") name(nameOf(bytes), undefined);
			else if (kind === "rename") rename(bytes);
			else if (kind === "unknown") throw new Error(`cannot tell what ${bytes} leaves behind`);
		},

		isUnsynced: (name) => (names.get(name)?.pending.length ?? 0) > 0,

		image(random) {
			const left = new Map(durable);
			const keeps = random.pick(["none", "all", "some"] as const);
			for (const { name, file } of namings) {
				if (keeps === "none" || (keeps === "some" && random.chance(0.5))) continue;
				if (file) left.set(name, file);
				else left.delete(name);
			}
			const forgetful = random.chance(0.3);
			const contents = new Map<string, Buffer>();
			let isWhole = [...names.keys()].every((name) => left.has(name) || isShared(name));
			for (const [name, file] of left) {
				const content = forgetful ? file.durable : contentOf(file, random);
				contents.set(name, content);
				isWhole &&= names.get(name) === file && content.equals(applied(file.durable, file.pending));
			}
			return { files: contents, isWhole };
		},
	};

	function nameOf(bytes: Buffer): string {
		return bytes.toString().slice(folder.length + 1);
	}

	function openFile(number: string, called: string, how: "opened" | "created"): void {
		if (called === "") open.set(number, undefined);
		else {
			if (how === "created") name(called, { durable: Buffer.alloc(0), pending: [] });
			const file = names.get(called);
			if (!file) throw new Error(`${called} was opened, and nothing made it`);
			open.set(number, file);
		}
	}

	function opened(number: string): File | undefined {
		if (!open.has(number)) throw new Error(`file ${number} was changed, and nobody opened it`);
		return open.get(number);
	}

	function name(called: string, file: File | undefined): void {
		if (file) names.set(called, file);
		else names.delete(called);
		// What only a running process needs is not there after a power cut.
		if (!isShared(called)) namings.push({ name: called, file });
	}

	function rename(bytes: Buffer): void {
		const [from = "", to = ""] = bytes.toString().split("\0");
		const file = names.get(from.slice(folder.length + 1));
		name(from.slice(folder.length + 1), undefined);
		name(to.slice(folder.length + 1), file);
	}

	function change({ file: number, offset }: Step, bytes: Change["bytes"]): void {
		opened(number)?.pending.push({ offset, bytes });
	}

	function sync(number: string): void {
		const file = opened(number);
		if (file) {
			file.durable = applied(file.durable, file.pending);
			file.pending = [];
			return;
		}
		for (const { name, file } of namings) {
			if (file) durable.set(name, file);
			else durable.delete(name);
		}
		namings = [];
	}
}

/** SQLite's index of its WAL, which the next process builds anew. */
function isShared(name: string): boolean {
	return name.endsWith("-shm");
}

/** What a file may hold after a power cut. */
function contentOf({ durable, pending }: File, random: Random): Buffer {
	if (pending.length === 0) return durable;
	switch (random.pick(["none", "all", "some", "first", "sectors", "sectors"] as const)) {
		case "none":
			return durable;
		case "all":
			return applied(durable, pending);
		case "some": {
			const share = random.pick([0.1, 0.5, 0.9]);
			return applied(
				durable,
				pending.filter(() => random.chance(share)),
			);
		}
		case "first":
			return applied(durable, pending.slice(0, random.below(pending.length + 1)));
		default:
			return torn(durable, pending, random);
	}
}

/**
 * Each sector by itself as it was after some of its changes; where the file has grown beyond what
 * was kept, it may have the new length, and zeros there.
 */
function torn(durable: Buffer, pending: readonly Change[], random: Random): Buffer {
	const share = random.pick([0.1, 0.5, 0.9]);
	const moments = new Map<number, number>();
	const momentOf = (sector: number) => {
		const known = moments.get(sector);
		if (known !== undefined) return known;
		const chosen = random.chance(share) ? pending.length : random.below(pending.length);
		moments.set(sector, chosen);
		return chosen;
	};
	const kept: Change[] = [];
	for (const [moment, { offset, bytes }] of pending.entries()) {
		if (bytes === "truncate") {
			if (random.chance(share)) kept.push({ offset, bytes });
			continue;
		}
		for (let from = 0; from < bytes.length; ) {
			const sector = Math.floor((offset + from) / SECTOR_BYTES);
			const to = Math.min(bytes.length, (sector + 1) * SECTOR_BYTES - offset);
			if (moment < momentOf(sector)) {
				kept.push({ offset: offset + from, bytes: bytes.subarray(from, to) });
			}
			from = to;
		}
	}
	const content = applied(durable, kept);
	const full = applied(durable, pending).length;
	if (full <= content.length || random.chance(0.5)) return content;
	return Buffer.concat([content, Buffer.alloc(full - content.length)]);
}

function applied(durable: Buffer, changes: readonly Change[]): Buffer {
	let size = durable.length;
	let room = size;
	for (const { offset, bytes } of changes) {
		room = Math.max(room, bytes === "truncate" ? offset : offset + bytes.length);
	}
	const content = Buffer.alloc(room);
	durable.copy(content);
	for (const { offset, bytes } of changes) {
		if (bytes === "truncate") {
			// What was cut off is not there again when the file grows over it.
			if (offset < size) content.fill(0, offset, size);
			size = offset;
		} else {
			bytes.copy(content, offset);
			size = Math.max(size, offset + bytes.length);
		}
	}
	return content.subarray(0, size);
}
