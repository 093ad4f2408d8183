/** `kill -9` cycles: lives of a few kills each, until there were enough. */
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Attempt, type Counts, keepHistory, noCounts } from "./history.ts";
import { beginLife, type Life } from "./life.ts";
import { indexOf, placeOf, revivalsIn } from "./oracle.ts";
import { seeded } from "./random.ts";
import { killAtStart } from "./server.ts";

export type KillOptions = {
	readonly seed: number;
	/** Whether to go on after so many kills. */
	readonly goesOn: (kills: number) => boolean;
	/** Kills a directory sees before the next one is begun. */
	readonly killsPerLife: number;
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
const LOAD_MS_MAX = 500;
const START_MS_MAX = 350;

export async function killAgainAndAgain(options: KillOptions): Promise<KillResult> {
	const { seed, goesOn } = options;
	const random = seeded(seed);
	const result: KillResult = {
		...noCounts(),
		kills: 0,
		killsAtStart: 0,
		events: 0,
		readByFollowers: 0,
		faults: [],
	};
	while (goesOn(result.kills) && result.faults.length === 0) {
		const directory = realpathSync(mkdtempSync(join(tmpdir(), "varve-kill-")));
		const checkpointMarks = join(directory, "checkpoints");
		const checkpointPages = random.pick(CHECKPOINT_PAGES);
		const launch = { data: join(directory, "data"), checkpointPages, checkpointMarks };
		// Some never see their first start through: the database is being made then.
		for (; random.chance(0.4); result.kills++, result.killsAtStart++) {
			await killAtStart({ ...launch, port: 0 }, random.below(START_MS_MAX));
		}
		const life = await beginLife(launch, random.branch(), "k");
		try {
			for (let kill = 0; kill < options.killsPerLife && goesOn(result.kills); kill++) {
				await life.loadAndKill(20 + random.below(LOAD_MS_MAX));
				result.kills++;
				if (random.chance(0.15)) {
					await life.killAtStart(random.below(START_MS_MAX));
					result.kills++;
					result.killsAtStart++;
				}
				result.faults.push(...(await life.recover()));
				options.onCycle?.(result.kills);
				if (result.faults.length > 0) break;
			}
			if (result.faults.length === 0) result.faults.push(...(await life.end()));
		} finally {
			await life.abandon();
		}
		tally(result, life, checkpointMarks);
		if (result.faults.length === 0) rmSync(directory, { recursive: true });
		else {
			result.directory = directory;
			keepHistory(directory, life.history, result.faults);
		}
	}
	return result;
}

/** Adds what the life's clients were told to the counts, and what the writer marked. */
export function tally(
	counts: Counts & { events: number; readByFollowers: number },
	life: Life,
	checkpointMarks: string,
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
