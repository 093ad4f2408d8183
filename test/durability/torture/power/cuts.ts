/**
 * One power-loss cycle: a server is loaded while all it does to its disk is recorded; then the power
 * fails at many moments of that record, and each disk it may have left is opened by the engine.
 *
 * The final log is the reference. What a disk holds must be its beginning: as far as anything was
 * acknowledged or shown before the cut, never ending within a batch, and with every invariant kept.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type Tile, tilePath } from "../../../../feeds/index.ts";
import { openSqliteLog } from "../../../../src/log/sqlite/log.ts";
import { openLogTree } from "../../../../src/log/sqlite/tree/log-tree.ts";
import type { Redaction } from "../history.ts";
import { beginLife, isStill, type Life, someLoad } from "../life.ts";
import { type LoggedEvent, lengthsWithin } from "../oracle.ts";
import type { Random } from "../random.ts";
import { storedEvents } from "../stored.ts";
import type { Witness } from "../witness.ts";
import { createDisk } from "./disk.ts";
import { readSteps, recorded, type Step } from "./recording.ts";

export type CycleOptions = {
	/** A directory of its own for this cycle. */
	readonly folder: string;
	readonly recorder: string;
	readonly random: Random;
	readonly pragmas?: string;
	readonly checkpointPages: number | undefined;
	readonly checkpointMarks: string;
	readonly images: number;
	/** The disk the cycle begins with, and the log it holds. */
	readonly before?: Before;
	readonly name: string;
};

export type Before = {
	readonly files: ReadonlyMap<string, Buffer>;
	readonly log: readonly LoggedEvent[];
};

export type Cycle = {
	readonly life: Life;
	readonly steps: number;
	readonly images: number;
	/** Images that lacked something the running system had written. */
	readonly imagesWithLoss: number;
	/** Images of a cut while the WAL was being copied into the database. */
	readonly imagesInCheckpoint: number;
	readonly faults: readonly string[];
	/** One of the disks that were left, to go on with. */
	readonly left: Before | undefined;
};

/** All that is written is replayed for the images. */
const ANSWERS_MAX = 40;
/** Once it is made, nothing writes to it but checkpoints. */
const DATABASE = "log.sqlite";
const NOTHING = { steps: 0, images: 0, imagesWithLoss: 0, imagesInCheckpoint: 0, left: undefined };

export async function cutPower(options: CycleOptions): Promise<Cycle> {
	const { folder, random, before = { files: new Map(), log: [] } } = options;
	const data = join(folder, "data");
	const record = join(folder, "record");
	mkdirSync(data, { recursive: true });
	for (const [name, bytes] of before.files) writeFileSync(join(data, name), bytes);
	const life = await runRecorded(options, data, record, before.log);
	if ("faults" in life) return { ...NOTHING, ...life };

	const steps = readSteps(record);
	const within = lengthsWithin(life.life.history, life.life.log);
	const cuts = chooseCuts(steps, options.images, random);
	const disk = createDisk(data, before.files);
	const faults: string[] = [];
	let left: Before | undefined;
	let floor = before.log.length;
	let imagesWithLoss = 0;
	let imagesInCheckpoint = 0;
	let images = 0;
	for (const [index, step] of steps.entries()) {
		disk.take(step);
		floor = Math.max(floor, positionIn(step) + 1);
		for (let cut = cuts.get(index) ?? 0; cut > 0 && faults.length === 0; cut--) {
			const { files, isWhole } = disk.image(random);
			if (!isWhole) imagesWithLoss++;
			if (disk.isUnsynced(DATABASE)) imagesInCheckpoint++;
			const image = join(folder, `image-${images++}`);
			writeImage(image, files);
			const shown = shownBy(life.life, step.time);
			const redacted = life.life.history.redactions.filter(
				({ answeredAt }) => answeredAt !== undefined && answeredAt <= step.time,
			);
			const needs = { floor: Math.max(floor, shown), within, redacted, cutAt: step.time };
			const { events, found } = await examine(image, life.life, needs);
			for (const fault of found) faults.push(`power cut after step ${index}, ${image}: ${fault}`);
			if (found.length > 0) continue;
			rmSync(image, { recursive: true });
			if (left === undefined || random.chance(0.3)) {
				left = { files, log: events };
			}
		}
	}
	const counts = { steps: steps.length, images, imagesWithLoss, imagesInCheckpoint };
	return { ...life, ...counts, faults, left };
}

/** Two loads with a kill in between, and an end in peace: the record has all of them. */
async function runRecorded(
	{ recorder, random, pragmas, checkpointPages, checkpointMarks, name }: CycleOptions,
	data: string,
	record: string,
	base: readonly LoggedEvent[],
): Promise<{ life: Life } | { life: Life; faults: string[] }> {
	const launch = {
		...recorded(data, recorder, record),
		...(pragmas ? { pragmas } : {}),
		checkpointPages,
		checkpointMarks,
	};
	const life = await beginLife(launch, random.branch(), name, base);
	try {
		const faults: string[] = [];
		for (let load = 0; load < 2 && faults.length === 0; load++) {
			await life.loadAndKill(someLoad(random, ANSWERS_MAX));
			if (random.chance(0.2)) await life.killAtStart(random.below(300));
			faults.push(...(await life.recover()));
		}
		if (faults.length === 0) faults.push(...(await life.end()));
		return faults.length === 0 ? { life } : { life, faults };
	} finally {
		await life.abandon();
	}
}

/**
 * How many images are made after which step. A third of the cuts fall anywhere; another where
 * something has just been promised or is about to be: beside answers, syncs and names; and another
 * within a checkpoint, where there was one.
 */
function chooseCuts(steps: readonly Step[], count: number, random: Random): Map<number, number> {
	const all = [...steps.keys()];
	const delicate = steps.flatMap(({ kind }, index) =>
		["answer", "sync", "unlink", "truncate", "created"].includes(kind) ? [index - 1, index] : [],
	);
	const copying = writesTo(DATABASE, steps);
	const places = [all, delicate, copying].filter(({ length }) => length > 0);
	const cuts = new Map<number, number>();
	for (let cut = 0; cut < count; cut++) {
		const at = Math.max(0, random.pick(random.pick(places)));
		cuts.set(at, (cuts.get(at) ?? 0) + 1);
	}
	return cuts;
}

/** The steps that write to a file. */
function writesTo(name: string, steps: readonly Step[]): number[] {
	const files = new Set<string>();
	return steps.flatMap(({ kind, file, bytes }, index) => {
		const isOpening = kind === "opened" || kind === "created";
		if (isOpening && basename(bytes.toString()) === name) files.add(file);
		return kind === "write" && files.has(file) ? [index] : [];
	});
}

/** The position an answer acknowledges; -1 for any other step. */
function positionIn({ kind, bytes }: Step): number {
	if (kind !== "answer") return -1;
	return Number(/^ES-Position: (\d+)\r$/m.exec(bytes.toString())?.[1] ?? -1);
}

/** How much of the log readers had been shown. */
function shownBy({ followers }: Life, time: bigint): number {
	let length = 0;
	for (const { seen, seenAt } of followers) {
		const count = seenAt.findIndex((at) => at > time);
		const last = seen[(count < 0 ? seen.length : count) - 1];
		if (last) length = Math.max(length, last.position + 1);
	}
	return length;
}

function writeImage(image: string, files: ReadonlyMap<string, Buffer>): void {
	mkdirSync(image);
	for (const [name, bytes] of files) writeFileSync(join(image, name), bytes);
}

type Needs = {
	/** How many events must be there. */
	readonly floor: number;
	/** How many must not. */
	readonly within: ReadonlySet<number>;
	/** What must have lost its data. */
	readonly redacted: readonly Redaction[];
	/** By the clock all processes share. */
	readonly cutAt: bigint;
};

/** Opens a disk as a server would after the power is back, and says what is wrong with it. */
async function examine(
	image: string,
	{ log: reference, witness }: Life,
	{ floor, within, redacted, cutAt }: Needs,
): Promise<{ events: LoggedEvent[]; found: string[] }> {
	const found: string[] = [];
	let events: LoggedEvent[] = [];
	try {
		const log = await openSqliteLog(image);
		try {
			const verification = await log.verify();
			found.push(...verification.faults);
			events = storedEvents(image);
			const odd = events.findIndex((event, index) => !isStill(event, reference[index]));
			if (odd >= 0) found.push(`position ${odd} is another event`);
			for (const { stream, version, metadata } of redacted) {
				const event = events.find((one) => one.stream === stream && one.version === version);
				const isBack = event?.erased === undefined || (metadata && event.metadata.length > 0);
				if (isBack) found.push(`${version}@${stream} has its content again`);
			}
			found.push(...(await treeFaults(image, witness, cutAt)));
			if (verification.events !== events.length)
				found.push(`verify counts ${verification.events} events`);
		} finally {
			await log.close();
		}
	} catch (error) {
		found.push(`it does not open: ${error}`);
	}
	const { length } = events;
	if (length < floor) found.push(`it has ${length} events; ${floor} were acknowledged or shown`);
	if (within.has(length)) found.push(`it has ${length} events, which ends within a batch`);
	return { events, found: found.slice(0, 5) };
}

/** The tree as a server would show it; one that does not begin with what it signed is not opened. */
async function treeFaults(image: string, witness: Witness, cutAt: bigint): Promise<string[]> {
	const tree = openLogTree(image);
	try {
		const tile = async (one: Tile) => {
			const bytes = await tree.tile(one);
			if (bytes) return bytes;
			throw new Error(`there is no tile ${tilePath(one)}`);
		};
		const { key } = tree;
		return await witness.faultsOfDisk({ key, signedHead: await tree.signedHead(), tile }, cutAt);
	} finally {
		tree.close();
	}
}
