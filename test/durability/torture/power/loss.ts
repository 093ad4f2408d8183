/** Power-loss cycles, each on a disk the one before has left, a few in a row. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Counts, keepHistory, noCounts } from "../history.ts";
import { CHECKPOINT_PAGES, LANES, tally } from "../kill.ts";
import { type Random, seeded } from "../random.ts";
import { type Before, cutPower } from "./cuts.ts";
import { buildRecorder } from "./recording.ts";

export type LossOptions = {
	readonly seed: number;
	/** Whether to go on after so many cycles. */
	readonly goesOn: (cycles: number) => boolean;
	readonly imagesPerCycle: number;
	/** Settings of SQLite that are to be found wanting; see `pragmas.cjs`. */
	readonly pragmas?: string;
	readonly onCycle?: (cycles: number) => void;
};

export type LossResult = Counts & {
	cycles: number;
	/** Writes, syncs and the like that were recorded. */
	steps: number;
	images: number;
	imagesWithLoss: number;
	imagesInCheckpoint: number;
	events: number;
	readByFollowers: number;
	faults: string[];
	/** What there is to look at where something is wrong. */
	directory?: string;
};

/** Then a new disk: what is on it is written again for each image. */
const CYCLES_PER_DISK = 5;

/** Undefined where there is no compiler to build the recorder with. */
export async function losePowerAgainAndAgain(
	options: LossOptions,
): Promise<LossResult | undefined> {
	const directory = realpathSync(mkdtempSync(join(folderInMemory() ?? tmpdir(), "varve-power-")));
	const recorder = buildRecorder(directory);
	const random = seeded(options.seed);
	const result: LossResult = {
		...noCounts(),
		cycles: 0,
		steps: 0,
		images: 0,
		imagesWithLoss: 0,
		imagesInCheckpoint: 0,
		events: 0,
		readByFollowers: 0,
		faults: [],
	};
	let begun = 0;
	const mayBegin = () => options.goesOn(begun) && result.faults.length === 0;
	const lane = async (library: string, chance: Random) => {
		while (mayBegin()) {
			let before: Before | undefined;
			for (let cycle = 0; cycle < CYCLES_PER_DISK && mayBegin(); cycle++) {
				before = await cutOnce(library, chance, before);
			}
		}
	};
	if (recorder) {
		await Promise.all(Array.from({ length: LANES }, () => lane(recorder, random.branch())));
	}
	if (result.faults.length > 0) return { ...result, directory };
	rmSync(directory, { recursive: true });
	return recorder ? result : undefined;

	/** @returns the disk to go on with */
	async function cutOnce(
		library: string,
		chance: Random,
		before: Before | undefined,
	): Promise<Before | undefined> {
		const number = begun++;
		const folder = join(directory, `cycle-${number}`);
		mkdirSync(folder);
		const checkpointMarks = join(folder, "checkpoints");
		const cycle = await cutPower({
			folder,
			recorder: library,
			random: chance,
			images: options.imagesPerCycle,
			name: `p${number}`,
			checkpointPages: chance.pick(CHECKPOINT_PAGES),
			checkpointMarks,
			...(options.pragmas === undefined ? {} : { pragmas: options.pragmas }),
			...(before === undefined ? {} : { before }),
		});
		tally(result, cycle.life, checkpointMarks);
		result.events -= before?.log.length ?? 0;
		result.cycles++;
		result.steps += cycle.steps;
		result.images += cycle.images;
		result.imagesWithLoss += cycle.imagesWithLoss;
		result.imagesInCheckpoint += cycle.imagesInCheckpoint;
		result.faults.push(...cycle.faults);
		options.onCycle?.(result.cycles);
		if (cycle.faults.length === 0) rmSync(folder, { recursive: true });
		else keepHistory(folder, cycle.life.history, cycle.faults);
		return cycle.left;
	}
}

/** Nothing here depends on a real disk, which would have each image synced many times. */
function folderInMemory(): string | undefined {
	return statSync("/dev/shm", { throwIfNoEntry: false })?.isDirectory() ? "/dev/shm" : undefined;
}
