/** Makes all that a run of a projection works with. */
import { ALL } from "../../event.ts";
import type { Definition } from "../definition.ts";
import { Checkpoints } from "../keeping/checkpoints.ts";
import { Emitter, type EmitterLimits } from "../keeping/emitter.ts";
import { InMemory } from "../keeping/in-memory.ts";
import type { Keeper } from "../keeping/keeper.ts";
import type { OwnLog } from "../keeping/own-log.ts";
import { checkpointStream } from "../names.ts";
import type { Rights } from "../rights.ts";
import type { Script, Scripts } from "../script/script.ts";
import { selectionOf } from "../source/events.ts";
import { Intake } from "../source/intake.ts";
import { Reader } from "../source/reader.ts";
import { type Selection, Sieve, streamsOf } from "../source/selection.ts";
import type { Tail } from "../source/tail.ts";
import type { News } from "./news.ts";
import { Results } from "./results.ts";
import type { Wakes } from "./wakes.ts";

export type RunParts = Bounds & {
	readonly own: OwnLog;
	readonly scripts: Scripts;
	readonly rights: Rights;
	readonly wakes: Wakes;
	readonly tail: Tail;
	readonly limits: EmitterLimits;
	/** How long to wait for more events behind one. */
	lingerMs(): number;
};

/** What a query that is to take another one's place must not do. */
export type Bounds = {
	/** Whether nothing is written but how far it is. */
	readonly isSilent?: true;
	/** Gives the first position that it does not come to, as of now. */
	readonly before?: () => Promise<number>;
	/** It ends there, and then counts as one that has come to its end, or as one that has not. */
	readonly ends?: { readonly isCompleted: boolean };
	/** Told whenever it has come to the head. */
	readonly onAtHead?: () => void;
};

export type Opened = {
	readonly script: Script;
	readonly selection: Selection;
	readonly reader: Reader;
	readonly intake: Intake;
	readonly keeper: Keeper;
	readonly emitter: Emitter;
	readonly results: Results;
	/** Lets the wakes go. */
	readonly unregister: () => void;
};

/**
 * @param news is told when the streams that it reads have grown
 * @throws ScriptFault, Refusal `projection-unauthorized`, and those of a read
 */
export async function openRun(
	definition: Definition,
	keeper: Keeper,
	parts: RunParts,
	news: News,
): Promise<Opened> {
	const { own, rights, wakes, limits } = parts;
	const { name, author } = definition;
	const { reads, permitWrite } = await rights.of(author);
	await keeper.load();
	const script = await openScript(definition, keeper, parts.scripts);

	const selection = selectionOf(script.definition);
	const streams = streamsOf(selection);
	const { next = 0, cursors = {} } = keeper.checkpoint ?? {};
	const { before = async () => Number.POSITIVE_INFINITY } = parts;
	const head = async () => Math.min((await before()) - 1, Number(await own.log.last(ALL)));
	const tail = reads === own.log ? parts.tail : undefined;
	const start = { from: next, cursors, resolvesAll: selection.includesLinks, tail };
	const { output } = script.definition;
	const unregister = wakes.register(streams, () => news.tell());
	const reader = new Reader(reads, head, streams, start);
	const sieve = new Sieve(selection, definition.id);
	return {
		script,
		selection,
		reader,
		intake: new Intake(reader, sieve, () => news.take()),
		keeper,
		emitter: new Emitter(own, definition, permitWrite, limits),
		results: new Results(name, output, async (partition) => {
			return (await keeper.state(partition))?.result;
		}),
		unregister,
	};
}

/** What a projection has kept; of another epoch, nothing counts. */
export function keeperOf(own: OwnLog, { name, id, epoch, kept, mode }: Definition): Keeper {
	if (mode === "Transient") return new InMemory();
	return new Checkpoints(own, checkpointStream(name, kept), `${id}:${epoch}`);
}

function openScript(
	{ query, settings, mode }: Definition,
	keeper: Keeper,
	scripts: Scripts,
): Promise<Script> {
	const { emitEnabled, projectionExecutionTimeout: eventMs } = settings;
	const stateOf = async (partition: string) => (await keeper.state(partition))?.state;
	return scripts.open({
		source: query,
		states: {
			load: (partitions) => Promise.all(partitions.map(stateOf)),
			loadShared: async () => keeper.checkpoint?.shared,
		},
		mayEmit: emitEnabled && mode !== "Transient",
		startsFromNothing: keeper.checkpoint === undefined,
		...(eventMs === undefined ? {} : { limits: { eventMs } }),
	});
}
