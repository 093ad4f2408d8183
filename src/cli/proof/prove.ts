/** `varve prove`: proofs that an event is in the log, and that the log has only grown. */
import { readFileSync } from "node:fs";
import { ProofError } from "../../../feeds/proof/error.ts";
import { type NoteKey, parseKey } from "../../../feeds/proof/note.ts";
import { checkConsistency, checkInclusion } from "../../../feeds/proof/proof.ts";
import { proveConsistency, proveInclusion } from "../../../feeds/proof/prove.ts";
import { openCheckpoint } from "../../../feeds/proof/signed-head.ts";
import type { Tile } from "../../../feeds/proof/tiles.ts";
import { Refusal } from "../../errors.ts";
import type { Arguments, Option, Values } from "../../options.ts";
import { Failure } from "../explain.ts";
import { answer, report } from "../output/standard.ts";
import { CLIENT_OPTIONS, credentials, EXIT, optionalText, text, type Verb } from "../verb.ts";
import { describeConsistency, describeInclusion } from "./describe.ts";
import { directorySource } from "./directory.ts";
import { type LogSource, ServerSource } from "./source.ts";

const KEY: Option = {
	name: "key",
	flag: "key",
	kind: "text",
	default: undefined,
	placeholder: "NAME+ID+KEY",
	perCall: true,
	help: `The log's key, as /log/key shows it. Get it over a way that you trust. --check needs it. If
		you leave it out when you make a proof, the command asks the log itself.`,
};

const DATA: Option = {
	name: "data",
	flag: "data",
	kind: "text",
	default: undefined,
	placeholder: "DIR",
	perCall: true,
	help: `Make the proof from this data directory or backup, without asking a server. A server may
		run on it. The command changes neither the log nor its key, and does not note what it signs; it
		may leave an empty log.sqlite-wal and a log.sqlite-shm. It refuses a directory that was not
		closed in order and that no server uses.`,
};

const SINCE: Option = {
	name: "since",
	flag: "since",
	kind: "text",
	default: undefined,
	placeholder: "FILE",
	perCall: true,
	help: "File with an older signed head of the log: prove that the log begins with it.",
};

const CHECK: Option = {
	name: "check",
	flag: "check",
	kind: "text",
	default: undefined,
	placeholder: "FILE",
	perCall: true,
	help: "Check the proof in this file, without asking a server.",
};

export const prove: Verb = {
	name: "prove",
	summary: "Prove that an event is in the log, or check a proof",
	operands: ["[POSITION]"],
	purpose: `Prints a proof that the event at a position of $all is in the log: the event's facts in
		the log, the hashes from there to the root of the tree, and the head that the log signed with
		its key. With --since, it prints a proof that the log has only grown since an older signed head,
		such as curl URL/log/checkpoint prints. You can keep the proof. Anyone who has the log's key can
		check it with --check, without a server. The forms are those of C2SP tlog-proof and
		tlog-witness. A proof still holds after the event's content is erased. With --data, the command
		makes the proof from the files, and signs it with the key among them. It exits with 1 if it
		proves nothing.`,
	options: [...CLIENT_OPTIONS, DATA, KEY, SINCE, CHECK],
	examples: [
		"varve prove 1234 > 1234.tlog-proof",
		"varve prove 1234 --data /mnt/backups/varve > 1234.tlog-proof",
		"varve prove --check 1234.tlog-proof --key varve/1f0c6e6a3f2b9d71+8c1b2f7e+AT…",
		"varve prove --since march.checkpoint > march-to-now",
		"varve prove --check march-to-now --since march.checkpoint --key varve/1f0c6e6a3f2b9d71+…",
	],
	run,
};

async function run({ operands, values }: Arguments): Promise<number> {
	const [operand] = operands;
	const check = optionalText(values, "check");
	const since = optionalText(values, "since");
	const given = optionalText(values, "key");
	const key = given === undefined ? undefined : keyOf(given);
	if (check !== undefined) {
		if (operand !== undefined) throw usage("--check", check, "leave out POSITION");
		if (values.data !== undefined) throw usage("--check", check, "leave out --data");
		if (!key) throw usage("--check", check, "add the log's --key; see varve prove --help");
		report(told(`${check}:`, () => checkFile(readFileSync(check, "utf8"), since, key)));
		return EXIT.done;
	}
	if ((operand === undefined) === (since === undefined)) {
		throw usage("prove", operand ?? "", "name either a POSITION or --since, as in varve prove 7");
	}
	const position = operand === undefined ? undefined : positionOf(operand);
	const source = await sourceOf(values);
	try {
		answer(await make(source, key, position, since));
	} finally {
		source.close();
	}
	return EXIT.done;
}

async function sourceOf(values: Values): Promise<LogSource> {
	const directory = optionalText(values, "data");
	if (directory !== undefined) return directorySource(directory);
	return new ServerSource(text(values, "url"), credentials(values));
}

/** Describes the proof in a file, if it holds. */
function checkFile(proof: string, since: string | undefined, key: NoteKey): string {
	if (since === undefined) return describeInclusion(checkInclusion(proof, key));
	return describeConsistency(checkConsistency(proof, readFileSync(since, "utf8"), key));
}

/** Makes a proof, and checks it before it returns it. */
async function make(
	source: LogSource,
	known: NoteKey | undefined,
	position: number | undefined,
	since: string | undefined,
): Promise<string> {
	const key = known ?? keyOf(await source.key());
	const signedHead = await source.signedHead();
	told("the signed head:", () => openCheckpoint(signedHead, key));
	const tiles = (tile: Tile) => source.tile(tile);
	try {
		if (position !== undefined) {
			const proof = await proveInclusion(position, signedHead, tiles);
			checkInclusion(proof, key);
			return proof;
		}
		const older = readFileSync(String(since), "utf8");
		const { size } = openCheckpoint(older, key);
		const proof = await proveConsistency(size, signedHead, tiles);
		checkConsistency(proof, older, key);
		return proof;
	} catch (error) {
		if (error instanceof ProofError) throw new Failure(`not proven: ${error.message}`);
		throw error;
	}
}

function told<T>(what: string, work: () => T): T {
	try {
		return work();
	} catch (error) {
		if (error instanceof ProofError) throw new Failure(`${what} ${error.message}`);
		throw error;
	}
}

function keyOf(given: string): NoteKey {
	try {
		return parseKey(given);
	} catch (error) {
		if (error instanceof ProofError) throw usage("--key", given, error.message);
		throw error;
	}
}

function positionOf(operand: string): number {
	const position = /^\d{1,16}$/.test(operand) ? Number(operand) : Number.NaN;
	if (Number.isSafeInteger(position)) return position;
	throw usage("POSITION", operand, "it must be a whole number from 0");
}

function usage(option: string, value: string, reason: string): Refusal<"invalid-option"> {
	return new Refusal("invalid-option", { option, value, reason });
}
