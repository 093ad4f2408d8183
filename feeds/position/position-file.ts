/**
 * A reader position in a file: the `at` of the last handled event, with the stream and the log that
 * it belongs to. The public names call it a checkpoint.
 *
 * The file has two slots of 4 KiB. A save writes the older one and syncs it:
 *
 *     {"at":46,"stream":"$all","log":"varve/1f0c6e6a3f2b9d71","saves":8,"sum":"…"}
 *     {"at":47,"stream":"$all","log":"varve/1f0c6e6a3f2b9d71","saves":9,"sum":"…"}
 *
 * So a crash at any moment leaves at least one whole slot: the one before, or the new one. Nothing
 * is renamed, so the file may be a symbolic link, or a single file that is mounted: no rename can
 * replace that. In a file of earlier versions the first slot is the number alone.
 *
 * A program with its own database should keep the position there instead, in the transaction of
 * the events it stands for.
 */
import { constants } from "node:fs";
import { type FileHandle, open, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { describeIdentity, isOtherHistory, type StreamIdentity } from "./identity.ts";
import { decodeSlot, encodeSlot, SLOT_BYTES, type Slot, type SlotState } from "./slots.ts";

export { identify, type StreamIdentity } from "./identity.ts";

/**
 * The position, or undefined if there is none yet: no such file, or an empty one.
 * @param identity of the stream that will be read from there: `await identify(address)`
 * @param warn is told, in a sentence, what is odd and yet no error: the position lies beyond the
 * head; the file is of an earlier version, and the first save brings it to the new form
 * @throws Error if the file holds anything else, or belongs to another stream or log
 */
export async function loadCheckpoint(
	file: string,
	identity: StreamIdentity,
	warn: (sentence: string) => void = (sentence) => process.emitWarning(sentence),
): Promise<number | undefined> {
	checkIdentity(identity);
	const handle = await openIfThere(file);
	if (handle === undefined) return undefined;
	try {
		const [first, second] = await readSlots(handle, file);
		const newest = newestOf(first, second, file);
		if (newest === undefined) return undefined;
		checkOwner(newest, identity, file);
		const { stream, last } = identity;
		if (newest.owner === undefined)
			warn(
				`${file} is of an earlier version, and does not say what it belongs to; ` +
					`the first save makes it the position in ${describeIdentity(identity)}`,
			);
		if (newest.at > last)
			warn(
				`${file} is at ${newest.at}, beyond the head: stream '${stream}' ` +
					`${last < 0 ? "has no events" : `ends at ${last}`}; ` +
					`nothing is read until there is an event ${newest.at + 1}`,
			);
		return newest.at;
	} finally {
		await handle.close();
	}
}

/**
 * Resolves once `at` is on disk. Calls for one file must not overlap.
 * @param identity of the stream that `at` was read from: `await identify(address)`
 * @throws RangeError
 * @throws Error if the file holds anything but a position in this stream; it stays as it is
 */
export async function saveCheckpoint(
	file: string,
	at: number,
	identity: StreamIdentity,
): Promise<void> {
	if (!Number.isSafeInteger(at) || at < 0) throw new RangeError(`${at} is not an event number`);
	checkIdentity(identity);
	const found = await openIfThere(file, constants.O_RDWR);
	const handle = found ?? (await open(file, constants.O_RDWR | constants.O_CREAT));
	try {
		const [first, second] = await readSlots(handle, file);
		const newest = newestOf(first, second, file);
		if (newest) checkOwner(newest, identity, file);
		const { stream, log } = identity;
		const slot = encodeSlot({ at, owner: { stream, log }, saves: (newest?.saves ?? 0) + 1 });
		if (newest !== undefined && newest === second) await writeAll(handle, slot, 0);
		else await writeSecond(handle, slot, newest);
		await handle.datasync();
	} finally {
		await handle.close();
	}
	if (found === undefined) await syncDirectory(dirname(await realpath(file)));
}

/** For callers in plain JavaScript: a position that names nothing would fit any stream. */
function checkIdentity(identity: StreamIdentity | undefined): void {
	if (typeof identity?.stream === "string" && typeof identity.log === "string") return;
	throw new TypeError("identity is missing; get it with: await identify({ url, stream })");
}

/** A pipe or a device would hang, or keep nothing. */
async function openIfThere(
	file: string,
	flags: number = constants.O_RDONLY,
): Promise<FileHandle | undefined> {
	try {
		const found = await stat(file);
		if (!found.isFile() && !found.isDirectory())
			throw new Error(`${file} is not a regular file; a position must be kept in one`);
		return await open(file, flags);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
		throw error;
	}
}

async function readSlots(handle: FileHandle, file: string): Promise<[SlotState, SlotState]> {
	const buffer = Buffer.alloc(2 * SLOT_BYTES + 1);
	let length = 0;
	for (;;) {
		const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
		length += bytesRead;
		if (bytesRead === 0 || length === buffer.length) break;
	}
	if (length === buffer.length) throw notAPosition(file);
	const text = buffer.toString("utf8", 0, Math.min(length, SLOT_BYTES));
	const second = buffer.toString("utf8", SLOT_BYTES, Math.max(length, SLOT_BYTES));
	return [decodeSlot(text, true), decodeSlot(second, false)];
}

/**
 * The newest whole slot; undefined if nothing was ever saved. The first save of a file writes the
 * second slot. So if that save was cut off, the first slot is blank.
 */
function newestOf(first: SlotState, second: SlotState, file: string): Slot | undefined {
	const slots = [first, second].filter((state): state is Slot => typeof state === "object");
	if (slots.length === 0 && first === "blank") return undefined;
	if (slots.length === 0) throw notAPosition(file);
	return slots.reduce((newest, slot) => (slot.saves > newest.saves ? slot : newest));
}

function notAPosition(file: string): Error {
	return new Error(
		`${file} is not a position file, or is damaged. Remove it to start from the beginning, or ` +
			"replace its content by the number of the last handled event and a line feed.",
	);
}

function checkOwner({ at, owner }: Slot, identity: StreamIdentity, file: string): void {
	if (owner === undefined) return;
	if (owner.stream === identity.stream && owner.log === identity.log) return;
	const what = `${file} holds the position ${at} in ${describeIdentity(owner)}`;
	const wanted = describeIdentity(identity);
	if (owner.stream === identity.stream && isOtherHistory(owner.log, identity.log))
		throw new Error(
			`${what}. A restore has replaced that history, and the server has ${wanted}: later events ` +
				"may be others. Start again from nothing, with a new file.",
		);
	throw new Error(`${what}, and cannot be used for ${wanted}. Name another file.`);
}

/** Fills the first slot up as well, if it is blank or short; a position in it stays. */
async function writeSecond(
	handle: FileHandle,
	slot: Buffer,
	first: Slot | undefined,
): Promise<void> {
	if (first?.owner !== undefined) return writeAll(handle, slot, SLOT_BYTES);
	const kept = first === undefined ? 0 : `${first.at}\n`.length;
	const blank = Buffer.alloc(SLOT_BYTES - kept, " ");
	blank.write("\n", blank.length - 1);
	await writeAll(handle, Buffer.concat([blank, slot]), kept);
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
	for (let done = 0; done < bytes.length; ) {
		const left = bytes.length - done;
		done += (await handle.write(bytes, done, left, position + done)).bytesWritten;
	}
}

/** A new file is durable once its directory is synced. */
async function syncDirectory(directory: string): Promise<void> {
	// Windows cannot open a directory.
	if (process.platform === "win32") return;
	const handle = await open(directory, "r");
	try {
		await handle.sync();
	} finally {
		await handle.close();
	}
}
