/** `kill -9` cycles: lives of a few kills each, until there were enough. */
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Attempt, type Counts, keepHistory, noCounts } from "./history.ts";
import { beginLife, type Life, someLoad } from "./life.ts";
import { indexOf, placeOf, revivalsIn } from "./oracle.ts";
import { type Random, seeded } from "./random.ts";
import { killAtStart } from "./server.ts";

export type KillOptions = {
	readonly seed: number;
	/** Whether to go on after so many kills. */
	readonly goesOn: (kills: number) => boolean;
	/** Kills a directory sees before the next one is begun. */
	readonly killsPerLife: number;
	/** Pages of the WAL that make a checkpoint due, one of these for each directory. */
	readonly checkpointPages?: readonly (number | undefined)[];
	readonly onCycle?: (kills: number) => void;
};

export type KillResult = Counts & {
	kills: number;
	killsAtStart: number;
	events: number;
	readByFollowers: number;
	/** What is wrong; the directory it is wrong in is kept. */
	faults: string[];
	directory?: string;
};

/** Pages that make a checkpoint due: few, so that many a kill hits one; or as a server has it. */
export const CHECKPOINT_PAGES = [16, 64, 64, 256, undefined];
/** Side by side, as each waits much: for a start, an answer, a disk. */
export const LANES = 2;
const ANSWERS_MAX = 80;
const START_MS_MAX = 350;

export async function killAgainAndAgain(options: KillOptions): Promise<KillResult> {
	const { seed, goesOn, checkpointPages: somePages = CHECKPOINT_PAGES } = options;
	const random = seeded(seed);
	const result: KillResult = {
		...noCounts(),
		kills: 0,
		killsAtStart: 0,
		events: 0,
		readByFollowers: 0,
		faults: [],
	};
	const lane = async (chance: Random) => {
		while (goesOn(result.kills) && result.faults.length === 0) await liveOnce(chance);
	};
	await Promise.all(Array.from({ length: LANES }, () => lane(random.branch())));
	return result;

	async function liveOnce(chance: Random): Promise<void> {
		const directory = realpathSync(mkdtempSync(join(tmpdir(), "varve-kill-")));
		const checkpointMarks = join(directory, "checkpoints");
		const checkpointPages = chance.pick(somePages);
		const launch = { data: join(directory, "data"), checkpointPages, checkpointMarks };
		// Some never see their first start through: the database is being made then.
		for (; chance.chance(0.4); result.kills++, result.killsAtStart++) {
			await killAtStart({ ...launch, port: 0 }, chance.below(START_MS_MAX));
		}
		const life = await beginLife(launch, chance.branch(), "k");
		const faults: string[] = [];
		try {
			for (let kill = 0; kill < options.killsPerLife && goesOn(result.kills); kill++) {
				await life.loadAndKill(someLoad(chance, ANSWERS_MAX));
				result.kills++;
				if (chance.chance(0.15)) {
					await life.killAtStart(chance.below(START_MS_MAX));
					result.kills++;
					result.killsAtStart++;
				}
				faults.push(...(await life.recover()));
				options.onCycle?.(result.kills);
				if (faults.length > 0) break;
			}
			if (faults.length === 0) faults.push(...(await life.end()));
		} finally {
			await life.abandon();
		}
		tally(result, life, checkpointMarks);
		if (faults.length === 0) return rmSync(directory, { recursive: true });
		result.faults.push(...faults);
		result.directory = directory;
		keepHistory(directory, life.history, faults);
	}
}

/** Adds what the life's clients were told to the counts, and what the writer marked. */
export function tally(
	counts: Counts & { events: number; readByFollowers: number },
	life: Pick<Life, "history" | "log" | "followers" | "witness" | "base">,
	checkpointMarks = "",
): void {
	const { history, log, followers } = life;
	const index = indexOf(log);
	for (const batch of history.batches) {
		const isThere = placeOf(batch, index) !== undefined;
		for (const { outcome } of batch.attempts) {
			if (outcome.kind === "refused") counts.refused++;
			else if (outcome.kind === "unknown") counts[isThere ? "unknownWritten" : "unknownAbsent"]++;
			else counts[outcome.repeated ? "repeated" : "written"]++;
		}
	}
	const isDone = ({ attempt }: { attempt: Attempt }) => attempt.outcome.kind === "written";
	counts.deleted += history.deletes.filter(isDone).length;
	counts.redacted += history.redactions.filter(isDone).length;
	counts.scavenges += history.scavenges;
	const revivals = [...revivalsIn(history, log)];
	counts.revived += revivals.filter((position) => position >= life.base).length;
	counts.notes += life.witness.proven;
	const marks = existsSync(checkpointMarks) ? readFileSync(checkpointMarks, "utf8") : "";
	counts.checkpoints += marks.split(">").length - 1;
	counts.checkpointsCut += marks.split("<").length - marks.split(">").length;
	counts.events += log.length;
	for (const { seen } of followers) counts.readByFollowers += seen.length;
}
