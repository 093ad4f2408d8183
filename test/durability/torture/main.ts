/**
 * `npm run torture`: kills the server and cuts its power, for as long or as often as asked, and
 * reports what became of what was acknowledged.
 */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { killConsumers } from "./consumers.ts";
import { killAgainAndAgain } from "./kill.ts";
import { losePowerAgainAndAgain } from "./power/loss.ts";
import { reportOf, writeReport } from "./report.ts";

const HELP = `npm run torture -- [options]

  --minutes N   run for N minutes (default 5)
  --cycles N    run for N kills of the server, and a fifth as many losses of power, and kills
                under consumers of subscriptions
  --power N     run this many losses of power instead of a fifth
  --consumers N kill a server whose consumers work this often instead of a fifth
  --images N    examine N possible disks for each loss of power (default 12)
  --seed N      use the seed of another run: the same requests, but not the same races
  --report      write a report into docs/evidence/

The first SIGINT or SIGTERM ends the run, with a report so far.
`;

/** Kills one directory sees; later ones cost more, as all of it is checked after each. */
const KILLS_PER_LIFE = 15;
const PROGRESS_EVERY_MS = 10_000;

process.exitCode = await run();
// Nothing is left to wait for but the idle connections of the readers.
process.exit();

async function run(): Promise<number> {
	const { values } = parseArgs({
		options: {
			minutes: { type: "string" },
			cycles: { type: "string" },
			power: { type: "string" },
			consumers: { type: "string" },
			images: { type: "string", default: "12" },
			seed: { type: "string", default: String(randomInt(2 ** 31)) },
			report: { type: "boolean", default: false },
			help: { type: "boolean", default: false },
		},
	});
	if (values.help) {
		process.stdout.write(HELP);
		return 0;
	}
	const started = Date.now();
	const seed = wholeNumber("seed", values.seed);
	const kills = values.cycles === undefined ? undefined : wholeNumber("cycles", values.cycles);
	const cuts =
		values.power === undefined ? kills && Math.ceil(kills / 5) : wholeNumber("power", values.power);
	const workingKills =
		values.consumers === undefined
			? kills && Math.ceil(kills / 5)
			: wholeNumber("consumers", values.consumers);
	const images = wholeNumber("images", values.images);
	const minutes = wholeNumber("minutes", values.minutes ?? "5");
	const isTime = () => Date.now() - started < minutes * 60_000;
	let isStopped = false;
	for (const signal of ["SIGINT", "SIGTERM"]) {
		process.once(signal, () => {
			isStopped = true;
		});
	}
	const goesOn = (limit: number | undefined) => (done: number) =>
		!isStopped && (limit === undefined ? isTime() : done < limit);
	process.stderr.write(`torture: seed ${seed}\n`);

	const done = { kills: 0, cuts: 0, consumed: 0 };
	const progress = setInterval(() => {
		const seconds = Math.round((Date.now() - started) / 1000);
		const { kills: killed, cuts: cut, consumed } = done;
		process.stderr.write(
			`${seconds} s: ${killed} kills, ${cut} power-loss cycles, ${consumed} kills under consumers\n`,
		);
	}, PROGRESS_EVERY_MS);
	/** What is wrong in one place ends the other, too. */
	const ending = <T extends { readonly faults: readonly string[] } | undefined>(result: T): T => {
		if (result && result.faults.length > 0) isStopped = true;
		return result;
	};
	const [killed, lost, consumed] = await Promise.all([
		killAgainAndAgain({
			seed,
			goesOn: goesOn(kills),
			killsPerLife: KILLS_PER_LIFE,
			onCycle: (count) => {
				done.kills = count;
			},
		}).then(ending),
		losePowerAgainAndAgain({
			// Other chances than those of the kills beside it.
			seed: seed + 1,
			goesOn: goesOn(cuts),
			imagesPerCycle: images,
			onCycle: (count) => {
				done.cuts = count;
			},
		}).then(ending),
		killConsumers({
			seed: seed + 2,
			goesOn: goesOn(workingKills),
			onCycle: (count) => {
				done.consumed = count;
			},
		}).then(ending),
	]);
	clearInterval(progress);
	const report = reportOf({ seed, images, started, killed, lost, consumed });
	process.stdout.write(report.text);
	if (values.report) process.stderr.write(`written to ${writeReport(report)}\n`);
	return report.isGood ? 0 : 1;
}

function wholeNumber(name: string, text: string): number {
	const number = Number(text);
	if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number;
	throw new Error(`--${name} takes a whole number, not ${text}`);
}
