/** `varve verify`: checks every invariant of a data directory. */
import { resolve } from "node:path";
import { OPTIONS } from "../config.ts";
import type { Arguments } from "../options.ts";
import { EXIT, text, type Verb } from "./verb.ts";

export const verify: Verb = {
	name: "verify",
	summary: "Check a data directory",
	operands: [],
	purpose: `Reads the whole log and checks that positions and versions have no gaps, that time
		never runs backwards, and that every index stream holds exactly the events it should. Prints
		the counts and exits 0, or prints the faults and exits 1. It changes nothing. A
		server may be running on the directory.`,
	options: OPTIONS.filter((option) => option.name === "data"),
	examples: ["varve verify --data ./data"],
	run,
};

async function run({ values }: Arguments): Promise<number> {
	const { verifyDirectory } = await import("../log/sqlite/verifier.ts");
	const { ok, events, streams, erased, faults } = await verifyDirectory(
		resolve(text(values, "data")),
	);
	if (ok) {
		const without = erased === 0 ? "" : `, ${erased} of them without their content`;
		process.stdout.write(`ok: ${events} events in ${streams} streams${without}\n`);
		return EXIT.done;
	}
	for (const fault of faults) process.stdout.write(`${fault}\n`);
	process.stdout.write(`not ok: ${faults.length} faults, ${events} events in ${streams} streams\n`);
	return EXIT.failed;
}
