/** `varve restore`: a data directory out of a backup. */
import { resolve } from "node:path";
import type { Restored } from "../../backup/restore.ts";
import { OPTIONS } from "../../config.ts";
import type { Arguments } from "../../options.ts";
import { Failure } from "../explain.ts";
import { count } from "../output/progress.ts";
import { EXIT, optionalNumber, text, type Verb } from "../verb.ts";
import { interruptible, NO_VERIFY, unverified } from "./backup.ts";

export const restore: Verb = {
	name: "restore",
	summary: "Make a data directory of a backup",
	operands: ["BACKUP"],
	purpose: `Makes a data directory of the backup in the directory BACKUP, which stays as it is.
		Nothing is overwritten: the data directory must be empty or not there. The copy is read and
		checked as varve verify does before it is put in its place, so there is a whole and sound log
		in the end, or none. As the store may have gone on after the backup, what is restored is
		another history: it gets a number that no other has, the seconds since 1970, which all links
		then carry (?i=…), so that no cache takes a page of the lost history for one of this. Only
		where nothing at all was appended since, as when a stopped store is moved, --same-history
		keeps the number there is.`,
	options: [
		...OPTIONS.filter((option) => option.name === "data"),
		{
			name: "sameHistory",
			flag: "same-history",
			kind: "yes-no",
			default: false,
			perCall: true,
			help: "Nothing was appended after the backup: keep its number, and all cached pages.",
		},
		{
			name: "incarnation",
			flag: "incarnation",
			kind: "whole-number",
			default: undefined,
			min: 2,
			max: 1_000_000_000_000,
			perCall: true,
			help: "At least this number, in place of the seconds: one that no history here ever had.",
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
	const [backup, unexpected] = operands;
	if (backup === undefined) throw new Failure("from where? BACKUP is missing", EXIT.usage);
	if (unexpected !== undefined)
		throw new Failure(`one backup at a time, not ${unexpected} too`, EXIT.usage);
	const incarnation = optionalNumber(values, "incarnation");
	if (values.sameHistory && incarnation !== undefined)
		throw new Failure("--same-history keeps the number; --incarnation gives one", EXIT.usage);

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
		return () => report(restored, data);
	});
}

function report({ incarnation, verification, standing }: Restored, data: string): number {
	if (incarnation === undefined) {
		for (const fault of verification?.faults ?? []) process.stdout.write(`${fault}\n`);
		process.stdout.write(
			"not restored: the backup is damaged; --no-verify restores what it holds\n",
		);
		return EXIT.failed;
	}
	const source = standing ? `; the backup was ${unverified(standing)}` : "";
	const checked = verification
		? `${count(verification.events)} events, verified`
		: `not verified${source}; varve verify tells whether it is sound`;
	process.stdout.write(`restored to ${data}: history number ${incarnation}, ${checked}\n`);
	return EXIT.done;
}
