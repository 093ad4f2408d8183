/**
 * `npm run test:cluster`: several nodes over one database whose hosts die, hang, and lose each
 * other. Each host is a network namespace of this machine, so it needs root and Linux.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { seeded } from "../durability/torture/random.ts";
import { writeReport } from "../durability/torture/report.ts";
import { lacksPrograms } from "./hosts/programs.ts";
import { LANES, type LaneName } from "./lanes.ts";
import { type LaneResult, reportOf } from "./report.ts";

const HELP = `npm run test:cluster -- [options]

  --only NAMES      run only these of: ${Object.keys(LANES).join(", ")}
  --failovers N     fail-overs with a synchronous standby (default 6)
  --lost-tails N    fail-overs to an asynchronous standby that lacks the newest events (default 2)
  --rounds N        rounds of torture, each with some deaths and cut networks (default 6)
  --seed N          use the seed of another run: the same choices, but not the same races
  --report          write a report into docs/evidence/

The first SIGINT or SIGTERM ends the run behind what it is at, with a report so far; the second one
ends it at once.
`;

process.exitCode = await run();
process.exit();

async function run(): Promise<number> {
	const { values } = parseArgs({
		options: {
			only: { type: "string" },
			failovers: { type: "string", default: "6" },
			"lost-tails": { type: "string", default: "2" },
			rounds: { type: "string", default: "6" },
			seed: { type: "string", default: String(randomInt(2 ** 31)) },
			report: { type: "boolean", default: false },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) {
		process.stdout.write(HELP);
		return 0;
	}
	const lacking = lacksPrograms();
	if (lacking !== undefined) {
		process.stdout.write(`SKIPPED: the tests of a cluster: ${lacking}\n`);
		return 0;
	}
	const started = Date.now();
	const seed = wholeNumber("seed", values.seed);
	const counts = {
		failovers: wholeNumber("failovers", values.failovers),
		lostTails: wholeNumber("lost-tails", values["lost-tails"]),
		rounds: wholeNumber("rounds", values.rounds),
	};
	const names = namesOf(values.only);
	let isStopped = false;
	for (const signal of ["SIGINT", "SIGTERM"]) {
		process.on(signal, () => {
			if (isStopped) process.exit(1);
			isStopped = true;
		});
	}
	const say = (text: string) => {
		const seconds = ((Date.now() - started) / 1000).toFixed(0);
		process.stderr.write(`${seconds.padStart(5)} s: ${text}\n`);
	};
	say(`seed ${seed}`);
	const results: LaneResult[] = [];
	for (const name of names) {
		if (isStopped) break;
		say(`${name}:`);
		const random = seeded(seed + name.length);
		const options = { random, counts, isStopped: () => isStopped, say };
		// A cluster that does not come up is a fault of that lane alone.
		const failed = (error: Error) => ({ name, lines: ["not run"], faults: [`${error.stack}`] });
		results.push(await LANES[name](options).catch(failed));
	}
	const again = againOf(names, counts, seed);
	const report = reportOf(results, { seed, started, again, only: values.only });
	process.stdout.write(report.text);
	if (values.report) process.stderr.write(`written to ${writeReport(report)}\n`);
	return report.isGood ? 0 : 1;
}

function namesOf(only: string | undefined): LaneName[] {
	const known = Object.keys(LANES) as LaneName[];
	if (only === undefined) return known;
	return only.split(",").map((name) => {
		if ((known as string[]).includes(name)) return name as LaneName;
		throw new Error(`--only takes some of ${known.join(", ")}, not ${name}`);
	});
}

function againOf(names: readonly LaneName[], counts: object, seed: number): string {
	const flags = Object.entries(counts).map(([name, count]) => {
		return `--${name.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)} ${count}`;
	});
	return `npm run test:cluster -- --only ${names.join()} ${flags.join(" ")} --seed ${seed} --report`;
}

function wholeNumber(name: string, text: string): number {
	const number = Number(text);
	if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
	throw new Error(`--${name} takes a whole number, not ${text}`);
}
