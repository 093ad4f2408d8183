/** `varve verify`: checks every invariant of a data directory. */
import { resolve } from "node:path";
import { DATA_OPTIONS } from "../config.ts";
import { standardStream } from "../observe/standard.ts";
import type { Arguments } from "../options.ts";
import { Progress } from "./output/progress.ts";
import { report } from "./output/standard.ts";
import { EXIT, optionalText, text, type Verb } from "./verb.ts";

export const verify: Verb = {
	name: "verify",
	summary: "Check a data directory or a database",
	operands: [],
	purpose: `Reads the whole log, and checks that every event matches its hash; that the tree of
		hashes above the events is sound; that positions and versions have no gaps, and time never runs
		backwards; that every stream, index streams included, holds exactly the events it should; and
		the files themselves. With --store it checks the log in a database, whose files are left to
		PostgreSQL. If all is well, it prints the counts and exits with 0. Otherwise it names
		what is damaged and exits with 1. It changes nothing and takes no lock: a server may run on the
		directory. On a large log it shows its progress and the time left on stderr.`,
	options: DATA_OPTIONS,
	examples: ["varve verify --data ./data"],
	run,
};

async function run({ values }: Arguments): Promise<number> {
	const { storeTools, verifyDirectory } = await import("../log/open.ts");
	const done = { events: 0, fraction: 0 };
	const progress = new Progress(standardStream(2), {
		events: () => done.events,
		fraction: () => done.fraction,
	});
	const directory = resolve(text(values, "data"));
	const onProgress = (now: typeof done) => Object.assign(done, now);
	const store = optionalText(values, "store");
	const verifying =
		store === undefined
			? verifyDirectory(directory, { onProgress })
			: (await storeTools()).verifyStore(store, { onProgress });
	const found = await verifying.finally(() => progress.close());
	const { ok, events, streams, erased, faults } = found;
	if (ok) {
		const without = erased === 0 ? "" : `, ${erased} of them without their content`;
		report(`ok: ${events} events in ${streams} streams${without}\n`);
		return EXIT.done;
	}
	for (const fault of faults) report(`${fault}\n`);
	report(`not ok: ${faults.length} faults, ${events} events in ${streams} streams\n`);
	return EXIT.failed;
}
