/** `varve restore`: makes a data directory from a backup. */
import { resolve } from "node:path";
import type { RestoreResult } from "../../backup/restore.ts";
import { DATA_OPTIONS } from "../../config.ts";
import type { Arguments } from "../../options.ts";
import { Failure } from "../explain.ts";
import { count } from "../output/progress.ts";
import { report } from "../output/standard.ts";
import { EXIT, optionalNumber, text, type Verb } from "../verb.ts";
import { interruptible, NO_VERIFY, refuseStore, unverified } from "./backup.ts";

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
		stopped store, --same-history keeps the number.`,
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

	refuseStore(values, "restore it with PostgreSQL's tools, or copy a directory with varve copy");
	const { restore } = await import("../../backup/restore.ts");
	const data = resolve(text(values, "data"));
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
