/**
 * Checks in this browser that the log has signed for the event of the page: the leaf says what the
 * page says, it holds the digests of the bytes, its hash leads up to the root, and the root is that
 * of a head signed with the log's key. docs/proofs.md describes the forms.
 */
import { type Hashing, hashing } from "./hashing.js";

const HASH_BYTES = 32;
const ED25519 = 1;
const ID_BYTES = 4;

type Facts = {
	readonly stream: string;
	readonly version: number;
	readonly type: string;
	readonly position: number;
	readonly created: number;
	readonly id: string;
};
type Outcome = {
	readonly tone: "ok" | "bad" | "warn";
	readonly word: string;
	readonly said: string;
};

export async function checkProof(): Promise<void> {
	const panel = document.getElementById("proof-panel");
	if (!panel) return;
	document
		.getElementById("proof-save")
		?.addEventListener("click", () => save(panel.dataset.proof ?? ""));
	say({ tone: "warn", word: "checking…", said: "Reading the bytes and hashing them." });
	try {
		say(await check(panel, await hashing()));
	} catch (error) {
		say({
			tone: "warn",
			word: "not checked",
			said: `It could not be checked: ${(error as Error).message}.`,
		});
	}
}

async function check({ dataset }: HTMLElement, { sha256, verify }: Hashing): Promise<Outcome> {
	const [head = "", note = ""] = halves(dataset.proof ?? "");
	const [, extra = "", index = "", ...encoded] = head.split("\n");
	const leaf = fromBase64(extra.replace("extra ", ""));
	const facts = JSON.parse(dataset.event ?? "") as Facts;
	const fault = leafFault(leaf, facts) ?? (await contentFault(leaf, dataset, sha256));
	if (fault !== undefined) return wrong(fault);
	const [, size = "", root = ""] = note.split("\n");
	const hash = await sha256(joined(new Uint8Array([0]), leaf));
	const place = { position: Number(index.replace("index ", "")), size: Number(size) };
	const found = await rootOf(hash, encoded.map(fromBase64), place, sha256);
	showHash("proof-leaf", hash);
	showHash("proof-root", fromBase64(root));
	if (found === undefined || hex(found) !== hex(fromBase64(root))) {
		return wrong(
			`the hashes lead to ${found ? hex(found) : "no root"}, the log signed ${hex(fromBase64(root))}`,
		);
	}
	if (place.position !== facts.position) return wrong("the proof is of another event");
	if (!(await isSigned(note, dataset.key ?? "", verify))) return wrong("the signature is wrong");
	const left =
		dataset.hasMetadata === "yes" || dataset.erased === "yes"
			? ""
			: " Its metadata is too large to be checked here.";
	const what = dataset.erased === "yes" ? "The skeleton of this event" : "The bytes of this event";
	return {
		tone: "ok",
		word: "checked in this browser",
		said: `${what} hash to this leaf; with ${encoded.length} hashes it gives the root signed for ${place.size.toLocaleString("en-US")} events.${left}`,
	};
}

function wrong(reason: string): Outcome {
	return {
		tone: "bad",
		word: "DOES NOT MATCH",
		said: `This event is not what the log has signed: ${reason}.`,
	};
}

/** The leaf: format, stream, type, position, version, created, id, flags, two digests. */
function leafFault(leaf: Uint8Array, facts: Facts): string | undefined {
	const view = new DataView(leaf.buffer, leaf.byteOffset, leaf.byteLength);
	const text = (at: number) =>
		new TextDecoder().decode(leaf.subarray(at + 2, at + 2 + view.getUint16(at)));
	const typeAt = 3 + view.getUint16(1);
	const at = typeAt + 2 + view.getUint16(typeAt);
	const number = (from: number) => Number(view.getBigUint64(from));
	const id = hex(leaf.subarray(at + 24, at + 40)).replace(
		/^(.{8})(.{4})(.{4})(.{4})(.{12})$/,
		"$1-$2-$3-$4-$5",
	);
	const said: Facts = {
		stream: text(1),
		version: number(at + 8),
		type: text(typeAt),
		position: number(at),
		created: number(at + 16),
		id,
	};
	for (const name of Object.keys(said) as (keyof Facts)[]) {
		if (said[name] !== facts[name])
			return `its ${name} is ${facts[name]}, in the leaf ${said[name]}`;
	}
	return undefined;
}

async function contentFault(
	leaf: Uint8Array,
	dataset: DOMStringMap,
	sha256: Hashing["sha256"],
): Promise<string | undefined> {
	if (dataset.erased === "yes") return undefined;
	const answer = await fetch(dataset.url ?? "");
	if (!answer.ok) throw new Error(`its data cannot be read (${answer.status})`);
	const data = await sha256(new Uint8Array(await answer.arrayBuffer()));
	const digests = leaf.subarray(-2 * HASH_BYTES);
	if (hex(data) !== hex(digests.subarray(0, HASH_BYTES))) return "its data has another hash";
	if (dataset.hasMetadata !== "yes") return undefined;
	const metadata = await sha256(fromBase64(dataset.metadata ?? ""));
	return hex(metadata) === hex(digests.subarray(HASH_BYTES))
		? undefined
		: "its metadata has another hash";
}

/** RFC 9162 section 2.1.3.2. */
async function rootOf(
	leaf: Uint8Array,
	path: readonly Uint8Array[],
	{ position, size }: { position: number; size: number },
	sha256: Hashing["sha256"],
): Promise<Uint8Array | undefined> {
	let [at, last, hash] = [BigInt(position), BigInt(size) - 1n, leaf];
	for (const other of path) {
		if (last === 0n) return undefined;
		if (at % 2n === 1n || at === last) {
			hash = await node(other, hash, sha256);
			while (at % 2n === 0n && at !== 0n) [at, last] = [at >> 1n, last >> 1n];
		} else hash = await node(hash, other, sha256);
		[at, last] = [at >> 1n, last >> 1n];
	}
	return last === 0n ? hash : undefined;
}

function node(left: Uint8Array, right: Uint8Array, sha256: Hashing["sha256"]): Promise<Uint8Array> {
	return sha256(joined(new Uint8Array([1]), left, right));
}

/** A signed note: its text, an empty line, lines of signatures. The key is `name+id+base64`. */
async function isSigned(note: string, key: string, verify: Hashing["verify"]): Promise<boolean> {
	const [text = "", lines = ""] = halves(note);
	const [, name, , encoded = ""] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(key) ?? [];
	const bytes = fromBase64(encoded);
	if (name === undefined || bytes[0] !== ED25519) return false;
	const line = lines.split("\n").find((one) => one.startsWith(`— ${name} `));
	const signature = fromBase64(line?.split(" ")[2] ?? "").subarray(ID_BYTES);
	return verify(signature, new TextEncoder().encode(`${text}\n`), bytes.subarray(1));
}

function halves(text: string): [string, string] {
	const end = text.indexOf("\n\n");
	return [text.slice(0, end), text.slice(end + 2)];
}

function say({ tone, word, said }: Outcome): void {
	const state = document.getElementById("proof-state");
	if (state) {
		state.className = `badge ${tone}`;
		state.textContent = word;
	}
	show("proof-said", said);
}

function show(id: string, text: string): void {
	const place = document.getElementById(id);
	if (place) place.textContent = text;
}

/** Both ends of a hash are as much as a person compares; the whole stands in its title. */
function showHash(id: string, hash: Uint8Array): void {
	const text = hex(hash);
	show(id, `${text.slice(0, 16)}…${text.slice(-8)}`);
	document.getElementById(id)?.setAttribute("title", text);
}

function save(text: string): void {
	const link = document.createElement("a");
	link.href = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
	link.download = "event.tlog-proof";
	link.click();
	URL.revokeObjectURL(link.href);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
	const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
	let at = 0;
	for (const part of parts) {
		whole.set(part, at);
		at += part.length;
	}
	return whole;
}

function fromBase64(text: string): Uint8Array {
	return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function hex(bytes: Uint8Array): string {
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
