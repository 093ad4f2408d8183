/** `varve copy`: makes one store a copy of another, event for event, whatever keeps them. */
import { resolve } from "node:path";
import { isStoreAddress, storeShown } from "../../log/postgres/address.ts";
import type { Arguments } from "../../options.ts";
import { Failure } from "../explain.ts";
import { count } from "../output/progress.ts";
import { report } from "../output/standard.ts";
import { interruptible } from "../terminal/interruptible.ts";
import { EXIT, optionalText, type Verb } from "../verb.ts";
import { type Copied, copyStore } from "./whole.ts";

const place = {
	kind: "text",
	default: undefined,
	placeholder: "PLACE",
	shown: storeShown,
	holdsSecret: (value: string) => isStoreAddress(value) && storeShown(value) !== value,
} as const;

export const copy: Verb = {
	name: "copy",
	summary: "Copy a store between SQLite and PostgreSQL",
	operands: [],
	purpose: `Makes the store in one place a copy of the store in another. A place is a data
		directory, or a database such as postgres://varve@db.example/varve. Each event keeps its
		position, id, time, bytes and hash; what was erased stays erased, with its digests. So the
		trees over both have the same root, which the command checks. The source may be in use.
		Interrupted, or run again later, it goes on with what is new. The target must be empty or
		the beginning of the source, and no server may append to it meanwhile: it would not be a
		copy any more, and the command says so. The copy signs with a key of its own.`,
	options: [
		{ ...place, name: "from", flag: "from", help: "The store to copy." },
		{ ...place, name: "to", flag: "to", help: "The store that becomes the copy." },
	],
	examples: [
		"varve copy --from ./data --to postgres://varve@db.example/varve",
		"varve copy --from postgres://varve@db.example/varve --to /mnt/copy",
	],
	run,
};

async function run({ values }: Arguments): Promise<number> {
	const from = placeOf(optionalText(values, "from"), "--from");
	const to = placeOf(optionalText(values, "to"), "--to");
	return interruptible(async (signal, show) => {
		const copied = await copyStore(from, to, signal, show);
		return () => told(to, copied);
	});
}

function told(to: string, { events, added }: Copied): number {
	const what = `${count(events)} events, ${count(added)} of them new`;
	report(`copied to ${storeShown(to)}: ${what}; the trees have the same root\n`);
	return EXIT.done;
}

function placeOf(given: string | undefined, flag: string): string {
	if (given === undefined) {
		throw new Failure(`${flag} is missing: name a data directory or a database`, EXIT.usage);
	}
	return isStoreAddress(given) ? given : resolve(given);
}
