/** `varve verify`: checks every invariant of a data directory. */
import { resolve } from "node:path";
import { OPTIONS } from "../config.ts";
import type { Arguments } from "../options.ts";
import { Progress } from "./output/progress.ts";
import { EXIT, text, type Verb } from "./verb.ts";

export const verify: Verb = {
	name: "verify",
	summary: "Check a data directory",
	operands: [],
	purpose: `Reads the whole log and checks that every event is what was appended, by its hash; that
		the tree of hashes above them is sound; that positions and versions have no gaps and time never
		runs backwards; that every stream, index streams included, holds exactly the events it should;
		and the files themselves. Prints the counts and exits 0, or names what is damaged and exits 1.
		It changes nothing and takes no lock: a server may be running on the directory. On a large log
		it tells on stderr how far it is, and the time left.`,
	options: OPTIONS.filter((option) => option.name === "data"),
	examples: ["varve verify --data ./data"],
	run,
};

async function run({ values }: Arguments): Promise<number> {
	const { verifyDirectory } = await import("../log/open.ts");
	const done = { events: 0, fraction: 0 };
	const progress = new Progress(process.stderr, {
		events: () => done.events,
		fraction: () => done.fraction,
	});
	const directory = resolve(text(values, "data"));
	const found = await verifyDirectory(directory, (now) => Object.assign(done, now)).finally(() =>
		progress.close(),
	);
	const { ok, events, streams, erased, faults } = found;
	if (ok) {
		const without = erased === 0 ? "" : `, ${erased} of them without their content`;
		process.stdout.write(`ok: ${events} events in ${streams} streams${without}\n`);
		return EXIT.done;
	}
	for (const fault of faults) process.stdout.write(`${fault}\n`);
	process.stdout.write(`not ok: ${faults.length} faults, ${events} events in ${streams} streams\n`);
	return EXIT.failed;
}
