/** `varve restore`: makes a data directory from a backup. */
import { resolve } from "node:path";
import type { RestoreResult } from "../../backup/restore.ts";
import { DATA_OPTIONS } from "../../config.ts";
import { storeShown } from "../../log/postgres/address.ts";
import type { Arguments } from "../../options.ts";
import { Failure } from "../explain.ts";
import { count } from "../output/progress.ts";
import { report } from "../output/standard.ts";
import { interruptible } from "../terminal/interruptible.ts";
import { EXIT, optionalNumber, optionalText, text, type Verb } from "../verb.ts";
import { NO_VERIFY, unverified } from "./backup.ts";

export const restore: Verb = {
	name: "restore",
	summary: "Make a data directory from a backup",
	operands: ["BACKUP"],
	purpose: `Makes a data directory from the backup in the directory BACKUP, and leaves the backup as
		it is. It overwrites nothing: the data directory must be empty or must not exist. The command
		reads and checks the copy as varve verify does before it puts it in its place, so you get a
		complete and sound log, or none. The store may have gone on after the backup, so the restored
		history is another history. It gets a number that no other history has: the seconds since 1970.
		All links then carry it (?i=…), so that no cache takes a page of the lost history for a page of
		this one. If nothing at all was appended since the backup, for example because you move a
		stopped store, --same-history keeps the number. With --store it fills an empty database, from a
		backup of a database or from any data directory.`,
	options: [
		...DATA_OPTIONS,
		{
			name: "sameHistory",
			flag: "same-history",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Nothing was appended after the backup: keep its number and all cached pages.",
		},
		{
			name: "incarnation",
			flag: "incarnation",
			kind: "whole-number",
			default: undefined,
			min: 2,
			max: 1_000_000_000_000,
			perCall: true,
			help: "Use at least this number instead of the seconds. No history here may ever have had it.",
		},
		NO_VERIFY,
	],
	examples: [
		"varve restore /mnt/backups/varve --data ./data",
		"varve restore /mnt/backups/varve --data /srv/varve --same-history",
		"VARVE_STORE=postgres://varve@db.example/varve varve restore /mnt/backups/varve",
	],
	run,
};

async function run({ operands, values }: Arguments): Promise<number> {
	const [backup] = operands;
	if (backup === undefined)
		throw new Failure(
			"BACKUP is missing: name the directory of the backup, such as /backup/varve",
			EXIT.usage,
		);
	const incarnation = optionalNumber(values, "incarnation");
	if (values.sameHistory && incarnation !== undefined)
		throw new Failure(
			"--same-history keeps the number, --incarnation sets one: use only one of them",
			EXIT.usage,
		);

	const data = resolve(text(values, "data"));
	const store = optionalText(values, "store");
	if (store !== undefined) {
		const least = values.sameHistory ? undefined : (incarnation ?? Math.floor(Date.now() / 1000));
		return intoDatabase(resolve(backup), { store, data, least, verify: !values.noVerify });
	}
	const { restore } = await import("../../backup/restore.ts");
	return interruptible(async (signal, show) => {
		const restored = await restore(backup, data, {
			verify: !values.noVerify,
			sameHistory: values.sameHistory === true,
			...(incarnation === undefined ? {} : { incarnation }),
			signal,
			copying: (measure) => show(measure),
			verifying: (measure) => show(measure, "copied; verifying"),
		});
		return () => told(restored, data);
	});
}

type Into = {
	readonly store: string;
	/** Directory of a node, which holds the highest number of a history that the node has seen. */
	readonly data: string;
	/** The number of the history; undefined keeps it. */
	readonly least: number | undefined;
	readonly verify: boolean;
};

async function intoDatabase(backup: string, into: Into): Promise<number> {
	const { restoreStore } = await import("../moving/store-backup.ts");
	return interruptible(async (signal, show) => {
		const { verify, store } = into;
		const { incarnation, verification } = await restoreStore(backup, into, {
			...{ signal, copying: show, verify },
		});
		return () => {
			if (verification?.ok === false) {
				for (const fault of verification.faults) report(`${fault}\n`);
				report(`not sound: ${verification.faults.length} faults; no server should use it\n`);
				return EXIT.failed;
			}
			const checked = verification ? "verified" : "not verified";
			report(`restored to ${storeShown(store)}: history number ${incarnation}, ${checked}\n`);
			return EXIT.done;
		};
	});
}

function told({ incarnation, verification, lastCheck }: RestoreResult, data: string): number {
	if (incarnation === undefined) {
		for (const fault of verification?.faults ?? []) report(`${fault}\n`);
		report("not restored: the backup is damaged; --no-verify restores it anyway\n");
		return EXIT.failed;
	}
	const source = lastCheck ? `; the backup was ${unverified(lastCheck)}` : "";
	const checked = verification
		? `${count(verification.events)} events, verified`
		: `not verified${source}; run varve verify to see if it is sound`;
	report(`restored to ${data}: history number ${incarnation}, ${checked}\n`);
	return EXIT.done;
}
