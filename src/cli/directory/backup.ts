/** `varve backup`: copies a data directory while its server runs. */
import { resolve } from "node:path";
import type { BackupResult } from "../../backup/backup.ts";
import type { LastCheck } from "../../backup/target.ts";
import { DATA_OPTIONS } from "../../config.ts";
import type { Arguments } from "../../options.ts";
import { Failure } from "../explain.ts";
import { count } from "../output/progress.ts";
import { note, report } from "../output/standard.ts";
import { interruptible } from "../terminal/interruptible.ts";
import { EXIT, optionalText, text, type Verb } from "../verb.ts";

export const NO_VERIFY = {
	name: "noVerify",
	flag: "no-verify",
	kind: "yes-no",
	default: false,
	perCall: true,
	help: "Do not check the copy at the end, which reads all of it.",
} as const;

export const backup: Verb = {
	name: "backup",
	summary: "Back up a data directory",
	operands: ["TARGET"],
	purpose: `Makes the directory TARGET a backup of a data directory, or brings the backup in
		TARGET up to date. It copies only what is new, and repeats what was erased since. The server
		may run; the command neither stops nor blocks it. When the command ends, the backup is the
		store at one moment, with every append that was answered before the start. The command has
		read and checked it as varve verify does, and exits with 0 if it is sound. It puts a first
		backup in its place when that is complete; it changes a later one in one transaction. So you
		may interrupt it at any time: once TARGET holds a complete backup, it always does. Run the
		same command again to continue. If the history of a store was replaced, use a new TARGET.
		varve restore turns a backup into a data directory. With --store it backs up the log in a
		database: TARGET becomes a data directory with the same events, made anew if something was
		erased since.`,
	options: [...DATA_OPTIONS, NO_VERIFY],
	examples: [
		"varve backup /mnt/backups/varve --data ./data",
		"varve backup /mnt/backups/varve --data ./data --no-verify",
		"VARVE_STORE=postgres://varve@db.example/varve varve backup /mnt/backups/varve",
	],
	run,
};

async function run({ operands, values }: Arguments): Promise<number> {
	const [target] = operands;
	if (target === undefined)
		throw new Failure(
			"TARGET is missing: name the directory of the backup, such as /backup/varve",
			EXIT.usage,
		);

	const store = optionalText(values, "store");
	if (store !== undefined) return backUpDatabase(store, resolve(target), !values.noVerify);
	const { backUp } = await import("../../backup/backup.ts");
	const data = resolve(text(values, "data"));
	return interruptible(async (signal, show) => {
		const startedAt = performance.now();
		const done = await backUp(data, target, !values.noVerify, {
			signal,
			copying: (measure) => show(measure),
			verifying: (measure) => show(measure, "copied; verifying"),
		});
		const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
		return () => told(done, seconds);
	});
}

/** The backup is a data directory, whatever PostgreSQL keeps beside. */
async function backUpDatabase(store: string, target: string, verify: boolean): Promise<number> {
	const { backUpStore } = await import("../moving/store-backup.ts");
	return interruptible(async (signal, show) => {
		const done = await backUpStore(store, target, verify, { signal, copying: show });
		return () => {
			const { events, added, verification } = done;
			if (verification && !verification.ok) {
				for (const fault of verification.faults) report(`${fault}\n`);
				report(`not ok: ${verification.faults.length} faults in the copy; verify the store\n`);
				return EXIT.failed;
			}
			const what = `${count(events)} events, ${count(added)} of them copied now`;
			report(`backed up to ${target}: ${what}; ${verification ? "verified" : "not verified"}\n`);
			return EXIT.done;
		};
	});
}

function told(done: BackupResult, seconds: string): number {
	const { path, events, added, verification, lastCheck, unnoted } = done;
	if (unnoted !== undefined) {
		note(`varve: the server of the data directory will not know of this backup: ${unnoted}\n`);
	}
	if (verification && !verification.ok) {
		for (const fault of verification.faults) report(`${fault}\n`);
		const found = `${verification.faults.length} faults in the backup ${path}`;
		report(`not ok: ${found}; run varve verify to see if the store has them too\n`);
		return EXIT.failed;
	}
	const checked = verification ? "verified" : unverified(lastCheck);
	const what = `${count(events)} events, ${count(added)} of them new`;
	report(`backed up to ${path}: ${what}, in ${seconds} s; ${checked}\n`);
	if (verification || lastCheck.lastVerified !== undefined) return EXIT.done;
	const then = "run this without --no-verify before you rely on it";
	if (lastCheck.faults !== undefined)
		throw new Failure(`${path} is not known to be sound: ${then}`);
	note(`varve: ${path} was never verified: ${then}\n`);
	return EXIT.done;
}

/** Describes a backup that this run has not verified. */
export function unverified({ lastVerified, faults }: LastCheck): string {
	if (faults !== undefined) return `not verified, and the last verification found ${faults} faults`;
	if (lastVerified !== undefined) return `not verified since ${lastVerified}`;
	return "never verified";
}
