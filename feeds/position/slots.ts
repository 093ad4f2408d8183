/**
 * The slots of a position file: two, of a fixed size, so that a save overwrites only the older one.
 */
import { hash } from "node:crypto";
import type { StreamIdentity } from "./identity.ts";

/** A name of 1,024 bytes fits, with each of its characters escaped. */
export const SLOT_BYTES = 4096;

export type Owner = Pick<StreamIdentity, "stream" | "log">;
export type Slot = {
	readonly at: number;
	/** Undefined in a file of earlier versions. */
	readonly owner: Owner | undefined;
	/** How often the file was saved: the higher number is the newer slot. */
	readonly saves: number;
};

/** `torn`: nothing that this program writes; or a write that a crash cut off. */
export type SlotState = Slot | "blank" | "torn";

/** In no name; a message would bring them to a terminal. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const CONTROLS = /[\x00-\x1f\x7f-\x9f]/;

/** @throws RangeError */
export function encodeSlot({ at, owner, saves }: Slot): Buffer {
	const facts = { at, ...owner, saves };
	const text = JSON.stringify({ ...facts, sum: sumOf(facts) });
	const slot = Buffer.alloc(SLOT_BYTES, " ");
	if (Buffer.byteLength(text) >= SLOT_BYTES) throw new RangeError("the stream's name is too long");
	slot.write(text);
	slot.write("\n", SLOT_BYTES - 1);
	return slot;
}

/**
 * @param isFirst whether it is the first of its file: earlier versions wrote the number there
 */
export function decodeSlot(text: string, isFirst: boolean): SlotState {
	const shown = text.replace(/[\0 \n]+$/, "");
	if (shown === "") return "blank";
	const rest = text.slice(shown.length);
	if (isFirst && /^(0|[1-9]\d{0,15})$/.test(shown) && rest.startsWith("\n")) {
		const at = Number(shown);
		return Number.isSafeInteger(at) ? { at, owner: undefined, saves: 0 } : "torn";
	}
	return recordIn(shown) ?? "torn";
}

function recordIn(text: string): Slot | undefined {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return undefined;
	}
	const { at, stream, log, saves, sum } = (value ?? {}) as Readonly<Record<string, unknown>>;
	if (typeof at !== "number" || typeof saves !== "number") return undefined;
	if (typeof stream !== "string" || typeof log !== "string") return undefined;
	if (CONTROLS.test(stream + log)) return undefined;
	const isWhole = [at, saves].every((number) => Number.isSafeInteger(number) && number >= 0);
	if (!isWhole || sum !== sumOf({ at, stream, log, saves })) return undefined;
	return { at, owner: { stream, log }, saves };
}

/** Tells a whole slot from a torn one. */
function sumOf(facts: object): string {
	return hash("sha256", JSON.stringify(facts), "hex").slice(0, 16);
}
