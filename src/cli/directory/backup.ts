/** `varve backup`: a copy of a data directory, made beside a running server. */
import { resolve } from "node:path";
import type { BackedUp } from "../../backup/backup.ts";
import type { Standing } from "../../backup/target.ts";
import { OPTIONS } from "../../config.ts";
import type { Arguments } from "../../options.ts";
import { Failure } from "../explain.ts";
import { count, type Measure, Progress } from "../output/progress.ts";
import { onStopSignal } from "../signals.ts";
import { EXIT, text, type Verb } from "../verb.ts";

export const NO_VERIFY = {
	name: "noVerify",
	flag: "no-verify",
	kind: "yes-no",
	default: false,
	perCall: true,
	help: "Do not read the whole copy at the end to check it.",
} as const;

export const backup: Verb = {
	name: "backup",
	summary: "Back up a data directory",
	operands: ["TARGET"],
	purpose: `Makes the directory TARGET a backup of a data directory, or brings the one it holds up
		to date: what is there already is not copied again, but for what was erased since. The server
		may be running; it is neither stopped nor held up. At the end the backup is what the store was
		at one moment, every append answered before the start among it, and has been read and checked
		as varve verify does; exit code 0 says so. A first backup is put in its place when it is whole;
		a later one changes in one transaction. So it may be interrupted at any time, and TARGET holds
		a whole backup as soon as it ever did; the same command goes on. A store whose history was
		replaced needs a new TARGET. varve restore is the way back.`,
	options: [...OPTIONS.filter((option) => option.name === "data"), NO_VERIFY],
	examples: [
		"varve backup /mnt/backups/varve --data ./data",
		"varve backup /mnt/backups/varve --data ./data --no-verify",
	],
	run,
};

async function run({ operands, values }: Arguments): Promise<number> {
	const [target, unexpected] = operands;
	if (target === undefined) throw new Failure("where to? TARGET is missing", EXIT.usage);
	if (unexpected !== undefined)
		throw new Failure(`one target at a time, not ${unexpected} too`, EXIT.usage);

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
		return () => report(done, seconds);
	});
}

/** Shows how far a part of the work is; before, says what was done. */
type Show = (measure: Measure, done?: string) => void;

/**
 * Runs work that shows its progress and may be stopped.
 * @param work returns what is to be said once the progress is gone
 */
export async function interruptible(
	work: (signal: AbortSignal, show: Show) => Promise<() => number>,
): Promise<number> {
	const stop = new AbortController();
	let progress: Progress | undefined;
	const stopListening = onStopSignal(() => stop.abort());
	const show: Show = (measure, done) => {
		progress?.close();
		if (done !== undefined) process.stderr.write(`${done}\n`);
		progress = new Progress(process.stderr, measure);
	};
	try {
		const say = await work(stop.signal, show);
		progress?.close();
		return say();
	} catch (error) {
		progress?.close();
		if (!stop.signal.aborted) throw error;
		process.stderr.write("interrupted\nRun the same command again to continue.\n");
		return EXIT.interrupted;
	} finally {
		stopListening();
	}
}

function report(done: BackedUp, seconds: string): number {
	const { path, events, added, verification, standing } = done;
	if (verification && !verification.ok) {
		for (const fault of verification.faults) process.stdout.write(`${fault}\n`);
		const found = `${verification.faults.length} faults in the backup ${path}`;
		process.stdout.write(`not ok: ${found}; does varve verify find them in the store, too?\n`);
		return EXIT.failed;
	}
	const checked = verification ? "verified" : unverified(standing);
	const what = `${count(events)} events, ${count(added)} of them new`;
	process.stdout.write(`backed up to ${path}: ${what}, in ${seconds} s; ${checked}\n`);
	if (verification || standing.lastVerified !== undefined) return EXIT.done;
	const then = "run this without --no-verify before you rely on it";
	if (standing.faults !== undefined) throw new Failure(`${path} is not known to be sound: ${then}`);
	process.stderr.write(`varve: nobody has verified ${path}: ${then}\n`);
	return EXIT.done;
}

/** What can be said of a backup that was not verified now. */
export function unverified({ lastVerified, faults }: Standing): string {
	if (faults !== undefined) return `not verified, and the last verification found ${faults} faults`;
	if (lastVerified !== undefined) return `not verified since ${lastVerified}`;
	return "never verified";
}
